//! The visible words of the candidate's room, in English and Chinese, beside `crate::words`.

use guanxi_domain::candidate::{Candidate, CandidateStatus};

use crate::language::Language;
use crate::words::{fill, words};

words! {
    candidate: "Candidate", "候选版本";
    intro: "Another version or configuration decides beside what this plugin runs: first as a shadow, without effect, then for some of the people. If it does not keep within its guard, it is taken away at once.", "另一版本或配置与该插件当前运行的版本同时决策：先作为影子，不产生实际效果；再对部分客户生效。一旦超出护栏，立即自动回退。";
    only_managers: "You may look, but not try anything: your token lacks the scope “manage”.", "您可以查看但不能试运行：令牌缺少 manage 权限。";
    none_yet: "Nothing was tried yet.", "还没有试运行过其他版本或配置。";
    runs: "It runs", "当前运行";
    beside: "Beside it", "候选";
    shadow: "Running as a shadow", "影子运行中";
    canary: "Running for {}% of the people", "对 {}% 的客户生效";
    stopped: "Stopped", "已停止";
    promoted: "Promoted", "已转正";
    fell_back: "Fell back", "已自动回退";
    since: "Since", "开始时间";
    ended: "Until", "结束时间";
    decisions: "Decisions seen", "观察的决策数";
    effective: "Took effect", "实际生效";
    differ: "Come out differently", "结果不同";
    crashed: "Crashed", "崩溃";
    evidence: "What was seen", "观察结果";
    what: "What is asked for", "请求内容";
    was: "What runs", "当前版本";
    would_be: "Candidate", "候选版本";
    fuel_p99: "Fuel of a decision, 99th percentile lately", "近期单次决策燃料（第 99 百分位）";
    differing: "The latest that differ", "最近的差异";
    steps: "How it goes on", "下一步";
    percent: "For how many of a hundred people it decides with effect", "在每百位客户中对多少位生效";
    percent_text: "0 is a shadow: nothing of what it decides is done.", "0 表示影子：其决策均不执行。";
    tune: "Change", "更改";
    stop: "Stop", "停止";
    stop_text: "What this plugin runs decides for everybody again. What was seen stays here.", "恢复为全部由当前版本决策；已有的观察结果会保留。";
    promote: "Promote", "转正";
    promote_text: "From now on the plugin runs this, for everybody; it is switched on if it is off.", "从现在起插件改为运行候选版本，对所有客户生效；若插件已停用则会启用。";
    try_title: "Try something", "试运行";
    replace_title: "Try something else", "更换候选";
    replace_text: "Another version or configuration takes the candidate's place, and counting begins anew.", "更换版本或配置会取代现有候选，并重新开始统计。";
    version: "Version", "版本";
    config: "Configuration", "配置";
    grant: "Grant it what it asks for and the installed version does not", "授予其请求而已安装版本未请求的权限";
    grant_text: "Without this, such a version is not tried but tells what it asks for. What is not granted now stays so.", "若不勾选，此类版本不会试运行，而是列出其请求的权限；当前未授予的权限保持不变。";
    guard: "Guard", "护栏";
    guard_crashes: "Crashes, at most this part of its latest decisions (0 to 1)", "崩溃占近期决策的比例上限（0 到 1）";
    guard_fuel: "Fuel at the 99th percentile, at most this many times what is burnt now", "第 99 百分位燃料相对当前版本的倍数上限";
    guard_divergence: "Other decisions, at most this part of the latest ones (0 to 1)", "结果不同占近期决策的比例上限（0 到 1）";
    try_it: "Try it", "开始试运行";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}

impl Words {
    /// How far a candidate has come, with the badge's code.
    pub fn status(&self, candidate: &Candidate) -> (&'static str, String) {
        let status = candidate.status;
        match (status, candidate.percent) {
            (CandidateStatus::Running, 0) => ("shadow", self.shadow.to_owned()),
            (CandidateStatus::Running, percent) => ("canary", fill(self.canary, &percent.to_string())),
            (CandidateStatus::Stopped, _) => (status.as_str(), self.stopped.to_owned()),
            (CandidateStatus::Promoted, _) => (status.as_str(), self.promoted.to_owned()),
            (CandidateStatus::FellBack, _) => (status.as_str(), self.fell_back.to_owned()),
        }
    }
}
