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
    kind: "Compare", "对比内容";
    kind_decisions: "Decisions of the past", "历史决策";
    kind_scores: "Scores of today", "当前评分";
    scores_intro: "Another version or configuration scores the people of today beside what runs now. No score is kept and nobody is told.", "用其他版本或配置为当前客户重新评分，并与现行结果对比；不会保存评分，也不会通知任何人。";
    people_max: "People at most", "最多对比人数";
    people_text: "If there are more, some of them are taken, spread evenly over all.", "如果客户更多，则在全体客户中均匀抽取。";
    as_of: "As of", "截至";
    against: "Compared with", "对比基准";
    people: "People compared", "对比的客户数";
    part_of_all: "Part of everybody that was looked at", "抽取比例";
    unseen_scores: "Not granted, so it scores here without", "未授权，此处在缺少这些数据的情况下评分";
    changed: "Whose score is another", "评分变化的客户数";
    of_people: "Looked at no more than", "最多查看人数";
    calls_failed: "People of calls that came to nothing", "调用失败涉及的客户数";
    now: "What runs now", "现行";
    instead: "Instead", "对比版本";
    fuel: "Fuel", "燃料";
    gets: "Get one and have none now", "将新获得评分";
    loses: "Have one and would get none", "将失去评分";
    stale: "Kept ones that are older than what runs now gives", "已保存但与现行结果不同的评分";
    mean_move: "Moves on the average by", "平均变动";
    moves: "How far they move: median, 90th percentile, most", "变动幅度：中位数、90 分位、最大";
    order: "Order of people (Spearman, 1 is the same)", "客户排序一致性（Spearman，1 为相同）";
    other_fifth: "Come into another fifth of everybody", "进入另一五分位的客户数";
    spread: "How scores are spread", "评分分布";
    least: "Least", "最小";
    mean: "Mean", "平均";
    median: "Median", "中位数";
    p90: "90th percentile", "90 分位";
    most: "Most", "最大";
    parts: "In numbers", "数值";
    part: "From – to", "区间";
    parts_text: "Both pictures have the same scale; the outer parts hold what lies beyond, too.", "两图比例相同；最外侧区间包含范围之外的值。";
    movers: "Who moves furthest", "变动最大的客户";
    person: "Person", "客户";
    kept: "kept", "已保存";
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
