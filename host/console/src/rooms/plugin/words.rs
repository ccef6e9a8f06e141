//! The visible words of a plugin's own page, in English and Chinese, beside `crate::words`.

use guanxi_domain::plugin_log::{Asked, Level};

use crate::language::Language;
use crate::words::words;

words! {
    costs: "What it costs", "费用";
    costs_text: "The last 14 days by day (UTC), known a second or so later. Fuel is what its work burns, about one unit an instruction; the same work burns the same everywhere.", "最近 14 天（UTC），约一秒后更新。燃料是插件工作的消耗，约每条指令一个单位；同样的工作消耗相同。";
    fuel: "Fuel", "燃料";
    calls: "Calls", "调用";
    crashes: "Crashes", "崩溃";
    timeouts: "Crashes for fuel or time", "燃料或时间耗尽";
    refusals: "Refused operations", "被拒绝的操作";
    fuel_a_call: "Fuel a call", "每次调用燃料";
    fuel_an_item: "Fuel for each person, moment or message", "每个对象燃料";
    time_a_call: "Milliseconds a call", "每次调用毫秒";
    by_day: "By day", "按天";
    day: "Day", "日期";
    limits: "Limits of today", "今日限额";
    limits_text: "How often its operations are carried out at most in a day of this brand's time zone. Beyond that they are refused, with the reason in the receipt.", "按本品牌时区计算，每天最多执行的次数；超出部分会被拒绝，原因记录在决策凭证中。";
    operation: "Operation", "操作";
    used: "Used today", "今日已用";
    most: "At most", "上限";
    whose: "Set by", "设定者";
    each: "for each person", "每人";
    by_plugin: "the plugin itself", "插件自身";
    by_operator: "the operator", "运营方";
    by_tenant: "this brand", "本品牌";
    poll: "Asking the channel", "渠道拉取";
    logs: "Log", "日志";
    logs_text: "What the plugin says and why its calls crash, newest first. Lines are kept as long as receipts, and about the newest 10,000 of them. A line of a call about many stands once; the receipts of all of them show it.", "插件写的内容及调用崩溃的原因，最新的在前。日志与决策凭证保留时间相同，最多约 1 万行。一次调用涉及多人时，日志只记一次，各自的凭证都会显示。";
    logs_levels: "Show", "显示";
    no_lines: "No such lines.", "没有符合的日志。";
    older_lines: "Older lines", "更早的日志";
    newest_lines: "Back to the newest lines", "回到最新日志";
    level_debug: "debug", "调试";
    level_info: "info", "信息";
    level_warn: "warning", "警告";
    level_error: "error", "错误";
    level_crash: "crash", "崩溃";
    from_debug: "everything", "全部";
    from_info: "info and above", "信息及以上";
    from_warn: "warnings and above", "警告及以上";
    from_error: "errors and crashes", "错误与崩溃";
    from_crash: "crashes", "仅崩溃";
    asked_decide: "decision", "决策";
    asked_score: "scoring", "评分";
    asked_deliver: "delivery", "投递";
    versions: "Versions", "版本";
    installed: "installed here", "本品牌使用";
    signer: "Signed with", "签名密钥";
    source: "Where from", "来源";
    size: "Size", "大小";
    licence: "Licence", "许可证";
    contract: "Contract", "契约版本";
    report: "What the check at the door found", "入库检查结果";
}

impl Words {
    /// How much a line matters.
    pub fn level(&self, level: Level) -> &'static str {
        match level {
            Level::Debug => self.level_debug,
            Level::Info => self.level_info,
            Level::Warn => self.level_warn,
            Level::Error => self.level_error,
            Level::Crash => self.level_crash,
        }
    }

    /// Which lines matter at least so much.
    pub fn level_from(&self, level: Level) -> &'static str {
        match level {
            Level::Debug => self.from_debug,
            Level::Info => self.from_info,
            Level::Warn => self.from_warn,
            Level::Error => self.from_error,
            Level::Crash => self.from_crash,
        }
    }

    /// What a call was for.
    pub fn asked(&self, asked: Asked) -> &'static str {
        match asked {
            Asked::Decide => self.asked_decide,
            Asked::Score => self.asked_score,
            Asked::Deliver => self.asked_deliver,
        }
    }
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}
