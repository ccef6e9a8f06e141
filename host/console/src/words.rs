//! Every visible word of the console, in English and Chinese. A word without one of them does not compile.

use guanxi_app::LiveKind;
use guanxi_domain::manifest::Kind;
use guanxi_domain::message::{MessageClass, MessageStatus};
use guanxi_domain::person::Stage;

use crate::rooms::Badge;

macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)+) => {
        /// The words of one language; `{}` stands for a value.
        pub struct Words {
            $(pub $name: &'static str,)+
        }

        /// English.
        pub static EN: Words = Words { $($name: $en,)+ };
        /// Chinese.
        pub static ZH: Words = Words { $($name: $zh,)+ };
    };
}

words! {
    product: "Guanxi", "关系 Guanxi";
    skip: "Skip to content", "跳到正文";
    main_menu: "Main menu", "主菜单";
    times_in: "Times in", "时间时区：";
    back: "Back", "返回";
    unknown: "unknown", "未知";

    sign_in: "Sign in", "登录";
    sign_out: "Sign out", "退出登录";
    sign_in_text: "Paste an API token that may read or manage. Operators use the operator token.", "粘贴具有读取或管理权限的 API 令牌；运营方请使用运营令牌。";
    token: "API token", "API 令牌";
    demo_text: "This is a demo on your own machine.", "这是在您本机上运行的演示。";
    demo_enter: "Enter the demo", "进入演示";
    bad_token: "This token is unknown, expired or revoked. Check that you copied all of it.", "令牌无效、已过期或已吊销，请确认复制完整。";
    needs_read: "This token may not read. Ask for one with the scope “read” or “manage”.", "该令牌没有读取权限，请使用具有 read 或 manage 权限的令牌。";
    too_many_tries: "Too many failed attempts. Try again in a minute.", "失败次数过多，请一分钟后再试。";
    session_over: "Your session has ended. Sign in again to go on.", "会话已结束，请重新登录后继续。";

    tenants: "Tenants", "租户";
    tenants_text: "Choose the brand to look at.", "请选择要查看的品牌。";
    no_tenants: "There is no tenant yet. Create one with “guanxi tenant create” or the management API.", "还没有租户。请使用 guanxi tenant create 命令或管理接口创建。";
    created: "Created", "创建时间";
    next_page: "Next page", "下一页";
    first_page: "First page", "第一页";
    pages: "Pages", "分页";

    people: "People", "客户";
    person: "Person", "客户";
    nameless: "No name", "未命名";
    people_known: "people known", "位客户";
    search: "Search", "搜索";
    search_hint: "Name, phone, email or kind:value", "姓名、手机、邮箱或 类型:值";
    order_by: "Order", "排序";
    newest: "Newest first", "最新加入";
    apply: "Show", "查看";
    nobody_found: "Nobody was found.", "没有找到客户。";
    nobody_yet: "Nobody is known yet. People appear as soon as events come in.", "还没有客户。有事件进入后，客户会自动出现。";
    name: "Name", "姓名";
    identities: "Identities", "身份标识";
    orders: "Orders", "订单";
    revenue: "Revenue", "消费额";
    scores: "Scores", "评分";
    tags: "Tags", "标签";
    last_seen: "Last seen", "最近活跃";
    first_seen: "First seen", "首次出现";
    last_order: "Last order", "最近下单";
    events: "Events", "事件";
    prospect: "Prospect", "潜在客户";
    fan: "Fan", "粉丝";
    customer: "Customer", "客户";

    attributes: "Attributes", "属性";
    conflicts: "Conflicting identities", "身份冲突";
    conflict_owned: "belongs to this person, but was also named for", "属于该客户，但也出现在另一位客户的事件中：";
    conflict_foreign: "was named for this person, but belongs to", "出现在该客户的事件中，但属于另一位客户：";
    other_person: "another person", "另一位客户";
    no_scores: "No scores yet.", "还没有评分。";
    no_tags: "No tags yet.", "还没有标签。";
    no_orders: "No orders yet.", "还没有订单。";
    no_attributes: "Nothing is known yet.", "还没有已知属性。";
    no_identities: "No identities.", "没有身份标识。";
    no_events: "Nothing happened yet.", "还没有事件。";
    as_of: "as of", "更新于";
    terms: "What it is made of", "评分构成";
    order_id: "Order", "订单号";
    amount: "Amount", "金额";
    refunded: "Refunded", "退款";
    time: "Time", "时间";
    timeline: "Timeline", "时间线";
    earlier: "Earlier", "更早的事件";
    via: "via", "渠道";
    at_place: "at", "触点";
    said: "What was sent", "事件内容";
    corrected: "Corrected while reading", "读取时已更正";

    receipt: "Decision receipt", "决策凭据";
    see_receipt: "Receipt", "查看凭据";
    reasons: "Reasons", "理由";
    no_reasons: "The plugin gave no reasons.", "插件没有给出理由。";
    operations: "Operations", "操作";
    no_operations: "It asked for nothing.", "没有请求任何操作。";
    log: "Log", "日志";
    no_log: "The plugin logged nothing.", "插件没有写日志。";
    input: "Input", "输入";
    input_text: "Everything the decision depended on. The same input gives the same decision.", "决策所依据的全部输入；相同的输入得到相同的决策。";
    execution: "Execution", "执行";
    whole: "All of it", "完整内容";
    decided_at: "Decided", "决策时间";
    about: "About", "对象";
    plugin: "Plugin", "插件";
    fuel: "Fuel", "燃料消耗";
    seed: "Seed", "随机种子";
    position: "Position in the log", "日志位置";
    digest: "Digest", "组件摘要";
    config_hash: "Configuration hash", "配置哈希";
    outcome: "Outcome", "结果";

    acted: "acted", "已执行";
    skipped: "skipped", "不处理";
    failed: "failed", "失败";
    done: "done", "完成";
    refused: "refused", "被拒绝";

    message: "Message", "消息";
    class: "Class", "类别";
    purpose: "Purpose", "用途";
    channel_id: "Channel's own id", "渠道消息编号";
    changed: "Last change", "最近变更";
    expires: "Not sent after", "截止发送";
    attempts: "Attempts", "投递尝试";
    no_attempts: "Not tried yet.", "尚未尝试。";
    took: "Took", "耗时";
    detail: "Detail", "详情";
    reply: "reply", "回复";
    transactional: "transactional", "交易";
    marketing: "marketing", "营销";
    queued: "queued", "排队中";
    sending: "sending", "发送中";
    sent: "sent", "已发送";
    expired: "expired", "已过期";
    uncertain: "uncertain", "结果不明";

    plugins: "Plugins", "插件";
    plugins_text: "Switch on what this brand uses. A plugin sees and does only what stands here.", "启用品牌需要的插件。插件只能看到并执行此处列出的内容。";
    only_managers: "You may look, but not switch: that needs a token with the scope “manage”.", "您可以查看，但不能切换：需要具有 manage 权限的令牌。";
    no_plugins: "No plugin is installed yet.", "还没有安装插件。";
    switch_on: "Switch on", "启用";
    switch_off: "Switch off", "停用";
    on: "on", "已启用";
    off: "off", "已停用";
    shaky: "crashed lately", "近期出现崩溃";
    quarantined: "in quarantine", "隔离中";
    until: "until", "至";
    last_error: "Last error", "最近错误";
    asks_for: "What it asks for", "所需权限";
    asks_nothing: "It asks for nothing.", "不需要任何权限。";
    wants_fields: "Sees of a person", "可见的客户字段";
    wants_events: "Listens to", "关注的事件";
    wants_operations: "May do", "可执行的操作";
    wants_egress: "Sends requests to", "访问的主机";
    wants_secrets: "Uses secrets", "使用的密钥";
    every_event: "every event", "所有事件";
    secret_set: "set", "已设置";
    secret_missing: "not set", "未设置";
    configuration: "Configuration", "配置";
    library: "Library", "插件库";
    library_text: "Uploaded, but not installed here. Install one with the command line or the management API.", "已上传但尚未安装。可通过命令行或管理接口安装。";
    uploaded: "Uploaded", "上传时间";
    scorer: "scorer", "评分";
    analyzer: "analyzer", "分析";
    campaign: "campaign", "营销活动";
    connector: "connector", "连接器";

    live: "Live", "实时动态";
    live_text: "What happens right now, newest first.", "正在发生的事，最新的在最上面。";
    live_connected: "connected", "已连接";
    live_connecting: "connecting…", "连接中…";
    live_needs_script: "Reload the page to see what is new.", "刷新页面以查看最新动态。";
    pause: "Pause", "暂停";
    resume: "Resume", "继续";
    waiting: "{} waiting", "{} 条待显示";
    missed: "More happened than fits here: up to {} entries are not shown.", "动态过多，最多有 {} 条未显示。";
    show_kinds: "Show", "显示";
    kind_all: "Everything", "全部";
    kind_events: "Events", "事件";
    kind_decisions: "Decisions", "决策";
    kind_messages: "Messages", "消息";
    kind_plugins: "Plugins", "插件";
    an_event: "Event", "事件";
    a_decision: "Decision", "决策";
    nothing_yet: "Nothing happened yet.", "还没有动态。";

    not_found_title: "There is nothing here", "这里什么都没有";
    not_found_text: "The page does not exist, or not for you.", "页面不存在，或您无权查看。";
    forbidden_title: "That is not allowed", "没有权限";
    needs_manage: "This needs a token with the scope “manage”.", "此操作需要具有 manage 权限的令牌。";
    forged_title: "That form cannot be used", "无法使用该表单";
    forged_text: "It does not come from this session. Go back, reload the page and try again.", "该表单不属于当前会话。请返回并刷新页面后重试。";
    conflict_title: "Something changed meanwhile", "数据已被更改";
    conflict_text: "Reload the page and try again.", "请刷新页面后重试。";
    invalid_title: "That cannot be done yet", "暂时无法完成";
    invalid_text: "Put these things right first:", "请先处理以下问题：";
    bad_request_title: "That request cannot be used", "无法处理该请求";
    bad_request_text: "Go back and try again.", "请返回后重试。";
    unavailable_title: "Not available right now", "服务暂不可用";
    unavailable_text: "The service cannot answer at the moment. Try again shortly.", "服务暂时无法响应，请稍后再试。";
    internal_title: "Something went wrong", "出错了";
    internal_text: "The error was recorded. Try again; if it stays, tell the operator.", "错误已记录。请重试；若仍出现，请联系运营方。";
    home: "To the start", "回到首页";

    identity_user: "user", "用户";
    identity_phone: "phone", "手机";
    identity_email: "email", "邮箱";
    identity_anonymous: "anonymous", "匿名";
    identity_device: "device", "设备";
    identity_member_card: "member card", "会员卡";

    event_identify: "Told who it is", "更新资料";
    event_page: "Viewed a page", "浏览页面";
    event_screen: "Viewed a screen", "浏览界面";
    event_group: "Joined a group", "加入群组";
    event_alias: "Linked identities", "关联身份";
    event_order: "Completed an order", "完成订单";
    event_refund: "Was refunded", "订单退款";
    event_viewed: "Viewed a product", "浏览商品";
    event_added: "Added to the cart", "加入购物车";
    event_shared: "Shared a product", "分享商品";
    event_reviewed: "Reviewed a product", "评价商品";
    event_signed_up: "Signed up", "注册";
    event_timer: "A plugin's timer was due", "插件定时器到期";
    event_refused: "An operation was refused", "操作被拒绝";
    event_message: "A message found its end", "消息投递结束";

    op_send: "Send a message", "发送消息";
    op_earn_points: "Credit points", "发放积分";
    op_issue_coupon: "Issue a coupon", "发放优惠券";
    op_grant_money: "Pay money", "发放现金";
    op_add_tag: "Add a tag", "添加标签";
    op_remove_tag: "Remove a tag", "移除标签";
    op_set_field: "Set a field", "设置字段";
    op_start_timer: "Start a timer", "启动定时器";
    op_cancel_timer: "Cancel a timer", "取消定时器";
    op_emit: "Put an event into the log", "写入事件";
    op_ask_staff: "Ask the staff", "请员工处理";
}

/// Puts a value into a word with `{}`.
pub fn fill(word: &str, value: &str) -> String {
    word.replacen("{}", value, 1)
}

impl Words {
    /// How far a person has come.
    pub fn stage(&self, stage: Stage) -> &'static str {
        match stage {
            Stage::Prospect => self.prospect,
            Stage::Fan => self.fan,
            Stage::Customer => self.customer,
        }
    }

    /// What a component can be.
    pub fn kind(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Scorer => self.scorer,
            Kind::Analyzer => self.analyzer,
            Kind::Campaign => self.campaign,
            Kind::Connector => self.connector,
        }
    }

    /// What sort of thing happened.
    pub fn live_kind(&self, kind: LiveKind) -> Badge<'static> {
        match kind {
            LiveKind::Event => Badge { code: "event", title: self.an_event },
            LiveKind::Decision => Badge { code: "decision", title: self.a_decision },
            LiveKind::Message => Badge { code: "message", title: self.message },
            LiveKind::Plugin => Badge { code: "plugin", title: self.plugin },
        }
    }

    /// Where a message is on its way.
    pub fn status(&self, status: MessageStatus) -> Badge<'static> {
        let title = match status {
            MessageStatus::Queued => self.queued,
            MessageStatus::Sending => self.sending,
            MessageStatus::Sent => self.sent,
            MessageStatus::Failed => self.failed,
            MessageStatus::Expired => self.expired,
            MessageStatus::Uncertain => self.uncertain,
        };
        Badge { code: status.as_str(), title }
    }

    /// Which rules a message follows.
    pub fn message_class(&self, class: MessageClass) -> &'static str {
        match class {
            MessageClass::Reply => self.reply,
            MessageClass::Transactional => self.transactional,
            MessageClass::Marketing => self.marketing,
        }
    }

    /// What became of a decision or an operation.
    pub fn outcome(&self, code: &str) -> Badge<'static> {
        match code {
            "acted" => Badge { code: "acted", title: self.acted },
            "skipped" => Badge { code: "skipped", title: self.skipped },
            "failed" => Badge { code: "failed", title: self.failed },
            "done" => Badge { code: "done", title: self.done },
            "refused" => Badge { code: "refused", title: self.refused },
            _ => Badge { code: "unknown", title: self.unknown },
        }
    }

    /// A kind of identity; kinds of a tenant's own stay as they are.
    pub fn identity<'a>(&self, kind: &'a str) -> &'a str {
        match kind {
            "user" => self.identity_user,
            "phone" => self.identity_phone,
            "email" => self.identity_email,
            "anonymous" => self.identity_anonymous,
            "device" => self.identity_device,
            "member_card" => self.identity_member_card,
            other => other,
        }
    }

    /// A kind of event; kinds that senders make up stay as they are.
    pub fn event<'a>(&self, kind: &'a str) -> &'a str {
        match kind {
            "identify" => self.event_identify,
            "page" => self.event_page,
            "screen" => self.event_screen,
            "group" => self.event_group,
            "alias" => self.event_alias,
            "Order Completed" => self.event_order,
            "Order Refunded" => self.event_refund,
            "Product Viewed" => self.event_viewed,
            "Product Added" => self.event_added,
            "Product Shared" => self.event_shared,
            "Product Reviewed" => self.event_reviewed,
            "Signed Up" => self.event_signed_up,
            guanxi_domain::event::TIMER => self.event_timer,
            guanxi_domain::event::REFUSED => self.event_refused,
            guanxi_domain::event::SENT => self.event_message,
            other => other,
        }
    }

    /// An operation by its name in the contract.
    pub fn operation<'a>(&self, name: &'a str) -> &'a str {
        match name {
            "send" => self.op_send,
            "earn-points" => self.op_earn_points,
            "issue-coupon" => self.op_issue_coupon,
            "grant-money" => self.op_grant_money,
            "add-tag" => self.op_add_tag,
            "remove-tag" => self.op_remove_tag,
            "set-field" => self.op_set_field,
            "start-timer" => self.op_start_timer,
            "cancel-timer" => self.op_cancel_timer,
            "emit" => self.op_emit,
            "ask-staff" => self.op_ask_staff,
            other => other,
        }
    }
}
