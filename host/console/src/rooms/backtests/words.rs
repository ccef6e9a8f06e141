//! The visible words of the backtests' rooms, in English and Chinese, beside `crate::words`.

use guanxi_domain::backtest::BacktestStatus;

use crate::language::Language;
use crate::words::words;

words! {
    backtests: "Backtests", "回测";
    backtest: "Backtest", "回测";
    intro: "Another version or configuration decides about what this plugin has decided already. Nobody is told and nothing is sent.", "用其他版本或配置对该插件的历史决策重新决策；不会通知任何人，也不会发送任何内容。";
    only_managers: "You may look, but not start one: your token lacks the scope “manage”.", "您可以查看但不能启动：令牌缺少 manage 权限。";
    version: "Version", "版本";
    config: "Configuration", "配置";
    days: "Days back", "回溯天数";
    start: "Compare", "开始对比";
    stop: "Stop", "停止";
    none_yet: "Nothing was compared yet.", "还没有回测记录。";
    asked: "Asked for", "发起时间";
    period: "Events from – to", "事件时段";
    status: "Status", "状态";
    waiting: "Waiting", "等待中";
    running: "Running", "进行中";
    stopped: "Stopped", "已停止";
    done: "Done", "已完成";
    failed: "Failed", "失败";
    decisions: "Decisions compared", "对比的决策数";
    differ: "Come out differently", "结果不同";
    missing: "Receipts without input, passed over", "因缺少输入而跳过的凭证";
    gained: "People who would get a message and got none", "会新收到消息的客户数";
    lost: "People who got a message and would get none", "不再收到消息的客户数";
    unseen: "This version asks for more than was recorded; it decides here without", "该版本请求了未记录的数据，此处在缺少这些数据的情况下决策";
    what: "What is asked for", "请求内容";
    was: "As it was", "实际";
    would_be: "As it would have been", "重新决策";
    samples: "Some that differ", "差异示例";
    samples_text: "Picked by chance.", "随机选取。";
    nothing: "nothing", "无动作";
    too_long: "Too long to be kept.", "内容过长，未保留。";
    receipt: "Receipt", "决策凭证";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}

impl Words {
    /// How far a backtest has come.
    pub fn status(&self, status: BacktestStatus) -> &'static str {
        match status {
            BacktestStatus::Waiting => self.waiting,
            BacktestStatus::Running => self.running,
            BacktestStatus::Done => self.done,
            BacktestStatus::Stopped => self.stopped,
            BacktestStatus::Failed => self.failed,
        }
    }
}
