//! The visible words of a plugin's own page, in English and Chinese, beside `crate::words`.

use crate::language::Language;
use crate::words::words;

words! {
    costs: "What it costs", "费用";
    costs_text: "The last 14 days by day (UTC), known a second or so later. Fuel is what its work burns, about one unit an instruction; the same work burns the same everywhere.", "最近 14 天（UTC），约一秒后更新。燃料是插件工作的消耗，约每条指令一个单位；同样的工作消耗相同。";
    fuel: "Fuel", "燃料";
    calls: "Calls", "调用";
    crashes: "Crashes", "崩溃";
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
    versions: "Versions", "版本";
    installed: "installed here", "本品牌使用";
    signer: "Signed with", "签名密钥";
    source: "Where from", "来源";
    size: "Size", "大小";
    licence: "Licence", "许可证";
    contract: "Contract", "契约版本";
    report: "What the check at the door found", "入库检查结果";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}
