//! The visible words of channels and of their messages, in English and Chinese, beside `crate::words`.

use guanxi_app::{CallbackOutcome, ChannelStatus, Lack};

use crate::language::Language;
use crate::words::words;

words! {
    title: "Channels", "渠道";
    intro: "Every connector of this brand: what waits, what left lately, and what is wrong.", "本品牌的所有渠道连接器：排队情况、近期发送情况与存在的问题。";
    none_yet: "No connector is installed yet.", "尚未安装渠道连接器。";
    log: "Message log", "消息日志";
    undelivered: "Not delivered", "未送达";
    connect: "Connect", "接入";
    state: "State", "状态";
    live: "Live", "运行中";
    off: "Switched off", "已停用";
    quarantined: "In quarantine", "隔离中";
    waits_for_session: "Waits for a session", "等待会话";
    paused: "Paused", "暂停中";
    resting: "Rests after failures", "连续失败后休息";
    until_when: "until", "直到";
    lacks_something: "Lacks something", "配置不完整";
    waiting: "Waiting", "排队";
    more_than: "more than", "超过";
    last_hour: "Last hour", "最近一小时";
    last_day: "Last day", "最近一天";
    sent: "Sent", "已发送";
    failed: "Failed", "失败";
    expired: "Expired", "已过期";
    uncertain: "Uncertain", "结果不明";
    again: "Tried again", "重试";
    median: "Time a try takes, half", "耗时中位数";
    p99: "99 of 100", "耗时 99 分位";
    last_failure: "Last failure", "最近一次失败";
    last_callback: "Last callback", "最近一次回调";
    never: "None", "无";
    session: "Session", "会话";
    session_until: "There is one until", "有效期至";
    session_none: "There is none", "没有会话";
    session_unasked: "Not asked for yet", "尚未获取";

    connect_text: "What has to be done until messages leave and the channel calls back.", "完成以下步骤后，消息即可发出，渠道也能回调。";
    lacks_title: "What is missing", "缺少的内容";
    lacks_nothing: "Nothing is missing.", "没有缺少的内容。";
    lack_secret: "Set the secret", "请设置密钥";
    lack_grant: "Grant what the plugin asks for", "请授予插件请求的权限";
    lack_allowance: "The operator does not allow", "运营方不允许";
    lack_approval: "A version waits for approval.", "有版本等待批准。";
    lack_config: "Put the configuration right", "请修正配置";
    lack_off: "It is switched off. Try it out first, then switch it on.", "当前已停用。建议先试用，再启用。";
    to_secrets: "Secrets and grants", "密钥与授权";
    to_settings: "Settings", "设置";
    to_plugin: "Plugin page", "插件页面";
    callback_title: "Address for the channel's console", "填写到渠道后台的地址";
    callback_text: "Enter this as the address of callbacks in the channel's own console. The channel verifies it at once; what it sent is shown below.", "请在渠道的管理后台将此地址填写为回调地址。渠道会立即校验，收到的请求显示在下方。";
    callback_no_url: "The operator has not said where this host is reached (`public_url`). Put the host's own address before this path.", "运营方尚未设置本系统的公网地址（public_url），请在此路径前加上系统地址。";
    callback_none: "This channel does not call back.", "该渠道不会回调。";
    copy: "Copy", "复制";
    copied: "Copied", "已复制";
    check_title: "Session", "会话";
    check_text: "Gets a session from the channel now, as the next message would.", "立即向渠道获取会话，与下一条消息的方式相同。";
    check_none: "This channel needs no session.", "该渠道不需要会话。";
    check: "Check the session", "检查会话";
    check_ok: "The channel gave a session", "渠道已返回会话";
    check_bad: "The channel gave no session", "渠道未返回会话";
    test_title: "Test message", "测试消息";
    test_text: "Goes to the channel as every message does, to an address of your own. It is to nobody whom the brand knows: no consent is asked, and it stands in nobody's timeline. At most 10 a minute; who sent it is noted.", "与普通消息一样通过渠道发送到您指定的地址。它不属于任何客户，不检查授权，也不进入时间线。每分钟最多 10 次，并记录操作者。";
    sends_nothing: "No messages leave through this connector.", "此连接器不发送消息。";
    test_address: "Address", "地址";
    test_body: "Text", "文本";
    test_default: "A test message", "测试消息";
    test_content: "Or content as JSON", "或 JSON 内容";
    test_send: "Send it", "发送";
    test_sent: "What came of it", "发送结果";
    test_earlier: "Earlier tests", "此前的测试";
    test_by: "By", "操作者";
    only_managers: "Only a token with the scope “manage” tries channels out.", "只有具有 manage 权限的令牌可以试用渠道。";
    callbacks: "Last callbacks", "最近的回调";
    callbacks_text: "The last 20 requests of the channel that this process has seen since it started.", "本进程启动以来收到的最近 20 个渠道请求。";
    callbacks_none: "None has come yet.", "尚未收到。";
    at: "When", "时间";
    method: "Method", "方法";
    result: "Result", "结果";
    why: "Why", "原因";
    taken: "taken", "已接收";
    refused: "refused", "被拒绝";
    unable: "not read", "无法读取";

    undelivered_text: "Messages that ended without arriving, by channel and reason; of the newest 20,000.", "未送达即结束的消息，按渠道与原因分组；统计最近 2 万条。";
    undelivered_none: "Everything has arrived.", "全部已送达。";
    reason: "Reason", "原因";
    count: "Messages", "消息数";
    last: "Last one", "最近";
    example: "For example", "例如";
    show: "Show", "查看";

    log_text: "Every message, the newest first.", "所有消息，最新的在前。";
    every: "All", "全部";
    class: "Class", "类别";
    purpose: "Purpose", "用途";
    person: "Person, by id or identity", "客户（编号或身份标识）";
    from: "From", "从";
    until: "Until", "到";
    outcome: "Outcome of the last try", "最后一次尝试结果";
    filter: "Filter", "筛选";
    counted: "Of the newest 10,000 that fit", "符合条件的最近 1 万条";
    nothing_fits: "No message fits.", "没有符合条件的消息。";
    nothing_here: "None fits among those looked through; older ones may.", "已查看的范围内没有符合的消息，可继续查看更早的。";
    decided: "Decided", "产生时间";
    to: "To", "发往";
    status: "Status", "状态";
    older: "Older", "更早";
    newest: "Newest", "最新";
    bad_day: "Days are written 2026-11-28.", "日期格式为 2026-11-28。";

    delivered: "Delivered", "已送达";
    read: "Read", "已读";
    clicked: "Clicked", "已点击";
    bounced: "Bounced", "被退回";
    retry: "Try again", "重试";
    retry_all: "Try all again:", "全部重试：";
    cancel: "Call it off", "取消发送";
    cancel_all: "Call off everything that waits", "取消所有排队的消息";
    may_repeat: "They may get it a second time", "允许对方重复收到";
    changed: "Messages changed:", "已处理的消息数：";
    changed_more: "There may be more; do it again.", "可能还有更多，请再次操作。";
    action_retry: "tried again", "重试";
    action_cancel: "called off", "取消";

    exchanges: "Exchanges", "往来内容";
    exchanges_text: "What was sent and what came back. Secrets are not shown: the host puts them in where placeholders stand.", "发出的请求与收到的应答。不显示密钥：占位符处由系统代入。";
    exchanges_gone: "Not kept any more, or never.", "未保留或已删除。";
    try_number: "Try", "第几次";
    request: "Request", "请求";
    response: "Answer", "应答";
    no_response: "No answer", "无应答";
    body_cut: "cut, whole length in bytes:", "已截断，完整字节数：";
    body_base64: "bytes, in base64", "二进制（base64）";
    why_waits: "Why it waits", "等待原因";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}

impl Words {
    /// What a channel does right now.
    pub fn of_status(&self, status: ChannelStatus) -> &'static str {
        match status {
            ChannelStatus::Off => self.off,
            ChannelStatus::Quarantined => self.quarantined,
            ChannelStatus::WaitsForSession => self.waits_for_session,
            ChannelStatus::Paused => self.paused,
            ChannelStatus::Resting => self.resting,
            ChannelStatus::Live => self.live,
        }
    }

    /// What became of a request of a channel.
    pub fn of_outcome(&self, outcome: CallbackOutcome) -> &'static str {
        match outcome {
            CallbackOutcome::Taken => self.taken,
            CallbackOutcome::Refused => self.refused,
            CallbackOutcome::Unable => self.unable,
        }
    }

    /// What is to be done about something that is missing, and about what.
    pub fn of_lack(&self, lack: Lack) -> (&'static str, Option<String>) {
        match lack {
            Lack::Secret(name) => (self.lack_secret, Some(name)),
            Lack::Grant(name) => (self.lack_grant, Some(name)),
            Lack::Allowance(name) => (self.lack_allowance, Some(name)),
            Lack::Config(at, problem) => (self.lack_config, Some(format!("{at}: {problem}"))),
            Lack::Approval => (self.lack_approval, None),
            Lack::SwitchedOff => (self.lack_off, None),
        }
    }
}
