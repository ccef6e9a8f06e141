//! Every visible word of the console, in English and Chinese. A word without one of them does not compile. It has
//! more than 500 lines because it is one list: a word that two rooms use stands once.

use guanxi_app::LiveKind;
use guanxi_domain::insight::{Band, Gender, Unreachable};
use guanxi_domain::linking::{ActionKind, Cause};
use guanxi_domain::manifest::Kind;
use guanxi_domain::message::{MessageClass, MessageStatus};
use guanxi_domain::person::{LinkState, Role, Stage};
use guanxi_domain::settings::{AttributeKind, Basis};

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
/// For rooms with words of their own.
pub(crate) use words;

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
    imports: "Imports", "导入";
    contents: "Contents", "内容";
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
    identity_one: "Identity", "身份标识";
    state: "State", "状态";
    known_from: "Known from", "来源";
    change: "Change", "更改";
    why: "Why? (kept)", "原因（会被保留）";
    link_unverified: "unverified", "未验证";
    link_verified: "verified", "已验证";
    link_disputed: "disputed", "有争议";
    link_invalid: "invalid", "无效";
    link_stale: "to be checked again", "待复核";
    link_confirm: "Confirm", "确认";
    link_dispute: "Dispute", "存疑";
    link_invalidate: "Invalid", "无效";
    link_new: "Add an identity", "添加身份标识";
    link_do: "Add", "添加";
    members: "Joined from", "由以下客户合并";
    members_text: "Each is kept as they were and can be parted again. What happened since stays with whom it named.", "每位客户的数据都原样保留，可随时拆分；合并之后发生的事件归其所指的客户。";
    merge: "Join with somebody else", "与另一位客户合并";
    merge_text: "Both are kept as they were inside the joined person, so that it can be undone.", "双方数据原样保留在合并后的客户中，可以撤销。";
    merge_do: "Join", "合并";
    split: "Part", "拆分";
    identity_history: "What was done", "操作记录";
    no_identity_history: "Nothing yet: everything stands as events named it.", "暂无记录，均由事件自动识别。";
    by_itself: "by itself", "系统自动";
    did_link: "Identity added", "添加标识";
    did_confirm: "Confirmed", "已确认";
    did_dispute: "Disputed", "标记争议";
    did_invalidate: "Found invalid", "标记无效";
    did_recheck: "To be checked again", "标记复核";
    did_merge: "Joined", "合并";
    did_split: "Parted", "拆分";
    did_dismiss: "Claim put aside", "忽略争议";
    reviews: "Identities to review", "待审核身份";
    reviews_text: "Events named these identities for one person while they belong to another, and it was not sure that both are the same.", "这些标识在事件中指向一位客户，却属于另一位客户，系统无法确定二者是否为同一人。";
    no_reviews: "Nothing waits for review.", "没有待审核的身份。";
    review_people: "People", "涉及客户";
    review_owner: "has it", "当前归属";
    review_claimant: "was named with it", "事件所指";
    review_cause: "Why it waits", "原因";
    review_dismiss: "Not the same", "不是同一人";
    cause_unverified: "Nobody who is trusted says that both are one.", "没有可信来源证实二者为同一人。";
    cause_exclusive: "Both have an identity of which a person has only one.", "双方都拥有唯一性标识，且不相同。";
    cause_limit: "One person would have too many of this kind.", "同类标识数量超出上限。";
    cause_too_large: "One person would be made of too many.", "合并的客户数量超出上限。";
    cause_disputed: "The link is disputed.", "该标识存在争议。";
    cause_suspicious: "It is written to look like another.", "写法可疑，疑似仿冒。";
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
    backtests: "What another version or configuration would have decided", "其他版本或配置会如何决策";
    backtests_of_scores: "How another version or configuration would score", "其他版本或配置会如何评分";
    score_again: "Why these scores: then and now", "评分依据：保存值与现值";
    scores_again_text: "What each scorer gives now, beside what is kept, and what it sees for that. A score is kept with its terms and its time, not with what was seen then: the person may be another by now.", "各评分插件现在给出的结果、已保存的结果及其所见数据。评分只保存各项与时间，不保存当时所见的数据，因此客户的情况可能已经变化。";
    score: "Score", "评分";
    score_kept: "Kept", "已保存";
    score_now: "Now", "现在";
    inputs: "What it sees", "所见数据";
    input_not_granted: "not granted", "未授权";
    input_not_allowed: "the person does not allow it", "客户未同意";
    candidate: "Another version or configuration beside it", "并行试运行的其他版本或配置";
    replay: "Decide again", "重新决策";
    replay_text: "Calls the plugin again with everything it saw then. Nobody is told and nothing is sent.", "用当时的全部输入再次调用插件；不会通知任何人，也不会发送任何内容。";
    replay_same: "the same", "一致";
    replay_same_text: "It decides the same, to the byte and with the same fuel.", "重新决策的结果逐字节相同，燃料也相同。";
    replay_differs: "different", "不同";
    replay_differs_text: "It decides differently now.", "重新决策的结果与当时不同。";
    replay_fuel: "Fuel of the call, then and now", "该次调用的燃料（当时 → 现在）";
    replay_moments: "Decisions of the call", "该次调用的决策数";
    replay_answer: "What the plugin says now", "插件现在的回答";
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
    shadowed: "not done: shadow", "未执行（影子）";
    shadow: "shadow", "影子";
    shadow_text: "A candidate was tried: this was decided beside what took effect, and nothing of it was done.", "试运行候选版本时，此决策与实际生效的决策并行产生，其中的操作均未执行。";

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
    cancelled: "called off", "已取消";

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
    at_rest: "stopped", "已停止";
    until: "until", "至";
    last_error: "Last error", "最近错误";
    asks_for: "What it asks for", "所需权限";
    asks_nothing: "It asks for nothing.", "不需要任何权限。";
    wants_fields: "Sees of a person", "可见的客户字段";
    wants_classes: "Knows of a person besides", "可见的其他客户信息";
    class_tags: "Tags", "标签";
    class_tags_of: "Tags of the dimension “{}”", "“{}”维度的标签";
    class_scores: "Scores", "评分";
    class_scores_of: "The score “{}”", "评分“{}”";
    class_stage: "How far the person has come", "客户阶段";
    class_roles: "What the person is to the brand", "客户角色";
    wants_events: "Listens to", "关注的事件";
    wants_operations: "May do", "可执行的操作";
    asks_a_day: "asks for at most {} a day", "最多每天 {} 次";
    asks_a_day_each: "asks for at most {} a day for each person", "最多每人每天 {} 次";
    limit_a_day: "at most so many times a day", "每天最多次数";
    limit_a_day_each: "at most so many times a day for each person", "每人每天最多次数";
    wants_egress: "Sends requests to", "访问的主机";
    wants_secrets: "Uses secrets", "使用的密钥";
    every_event: "every event", "所有事件";
    every_event_text: "whatever else stands here", "包含此处的其他事件";
    secret_set: "set", "已设置";
    secret_missing: "not set", "未设置";
    withheld: "not granted", "未授权";
    forbidden: "not allowed by the operator", "运营方不允许";
    asked_anew: "new", "新增";
    grants: "What it may do", "插件权限";
    upgrade_waits: "Version {} waits for an approval", "版本 {} 等待批准";
    brought_by: "Brought by", "提交者";
    newly_asks: "It asks for what it did not ask for before:", "它请求此前没有的权限：";
    newly_asks_nothing: "It asks for nothing new, but whoever brought it may not approve of it.", "没有新增权限，但提交者无权批准。";
    config_runs: "What runs", "当前配置";
    config_waits: "What waits", "待批准的配置";
    change_settings: "Change the settings", "修改设置";
    plugin_page: "What it costs, and its versions", "费用与版本";
    decide_upgrade: "Look at it and decide", "查看并决定";
    configuration: "Configuration", "配置";
    config_further: "Further entries", "其他条目";
    config_yes: "yes", "是";
    config_no: "no", "否";
    library: "Library", "插件库";
    library_text: "Uploaded, but not installed here. Install one with the command line or the management API.", "已上传但尚未安装。可通过命令行或管理接口安装。";
    library_manage: "Trust publishers, take plugins in and back", "管理发布者与插件库";
    uploaded: "Uploaded", "上传时间";
    published_by: "By", "发布者";
    unsigned: "Nobody signed it", "未签名";
    taken_back: "Taken back", "已撤回";
    unsupported: "Does not run on this host", "无法在本主机运行";
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
    event_candidate: "A candidate fell back", "候选版本自动回退";

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

    relations: "Relations and signals", "关系与信号";
    event_relations: "Relations were told", "登记关系";
    relations_strongest: "Strongest relations", "最强的关系";
    no_relations: "No relations are known yet.", "还没有已知的关系。";
    relation: "Relation", "关系";
    relation_out: "to", "指向对方";
    relation_in: "from", "来自对方";
    strength: "Strength", "强度";
    influence: "Influence (1 is average)", "影响力（平均为 1）";
    path_distance: "Steps to the nearest opinion leader or employee", "距最近的意见领袖或员工的步数";
    connections: "Connections", "关系人数";
    reach: "Reach", "触达范围";
    steps: "Steps", "步数";
    not_complete: "There are more relations than were looked at.", "关系过多，只统计了一部分。";
    way: "The way to somebody else", "到另一位客户的关系路径";
    way_to: "Identity (such as email:ada@example.com) or id", "身份标识（如 email:ada@example.com）或编号";
    way_find: "Find the way", "查找路径";
    way_nobody: "Nobody has this identity or id.", "没有客户使用该标识或编号。";
    way_none: "No relations lead there.", "两者之间没有关系路径。";
    signals: "Signals", "社交信号";
    no_signals: "Channels have told nothing yet.", "渠道还没有提供信号。";
    signal: "Signal", "信号";
    signal_value: "Value", "值";
    signal_expired: "no longer counts", "已过期";

    privacy: "Consent and privacy", "授权与隐私";
    consents: "What this person allows", "该客户的授权";
    no_purposes: "The settings name no purposes yet, so nothing needs consent.", "设置中还没有定义用途，因此暂不需要授权。";
    consent_state: "Now", "当前状态";
    consent_word: "Latest word", "最近表态";
    consent_note: "Note a word", "登记表态";
    consent_evidence: "Evidence", "凭据";
    consent_days: "Days it holds (empty: no end of its own)", "有效天数（留空：不另设期限）";
    consent_give: "Given", "已授权";
    consent_withdraw: "Withdrawn", "已撤回";
    consent_fixed: "Cannot be given or withdrawn.", "无法授权或撤回。";
    consent_yes: "given", "授权";
    consent_no: "withdrawn", "撤回";
    allowed: "allowed", "允许";
    not_allowed: "not allowed", "不允许";
    consent_unregulated: "The settings do not name this purpose.", "设置中没有该用途。";
    consent_given: "The person consents.", "客户已授权。";
    consent_interest: "Legitimate interest; the person does not object.", "正当利益，客户未反对。";
    consent_contract: "Needed for what the person has asked for.", "履行客户要求所必需。";
    consent_none: "The person has not consented.", "客户尚未授权。";
    consent_withdrawn: "The person has withdrawn it.", "客户已撤回授权。";
    consent_expired: "It has expired and has to be given again.", "授权已过期，需要重新取得。";
    consent_objected: "The person objects.", "客户表示反对。";
    basis_consent: "consent", "同意";
    basis_interest: "legitimate interest", "正当利益";
    basis_contract: "contract", "合同";
    export: "Archive", "数据导出";
    export_text: "Everything that is kept about this person, as one ZIP. That it was taken stands in the timeline.", "将该客户的全部数据导出为一个 ZIP 文件，导出行为会记入时间线。";
    export_take: "Download the archive", "下载导出文件";
    erase: "Forget this person", "删除该客户的个人数据";
    erase_text: "The person and everybody joined with them disappear at once, and with them everything that names them: in the log, receipts, messages and imports. Totals stay. This cannot be undone.", "该客户及与其合并的所有客户将立即消失，日志、凭据、消息和导入中的个人数据都会被清除，汇总数据保留。此操作无法撤销。";
    erase_reason: "Why? Do not name the person: the reason is kept.", "原因（会被保留，请勿写入客户姓名）";
    erase_confirm: "Type the id to confirm:", "输入编号以确认：";
    erase_do: "Forget for good", "永久删除";
    only_managers_privacy: "Noting consent, archives and forgetting need a token with the scope “manage”.", "登记授权、导出和删除需要具有 manage 权限的令牌。";

    segments: "Segments", "分群";
    segments_text: "Groups of people by what they are and do. Every event changes them at once.", "按客户的特征和行为划分的人群，随每个事件即时更新。";
    no_segments: "There is no segment yet.", "还没有分群。";
    segment_new: "New segment", "新建分群";
    audiences: "Advertising audiences", "广告人群包";
    segment_members: "Members", "成员";
    segment_who: "Who is meant", "分群条件";
    segment_changed: "Changed", "修改时间";
    segment_building: "being found", "正在计算";
    segment_name: "Name (a-z, 0-9, -)", "标识（a-z、0-9、-）";
    segment_title: "Title", "标题";
    segment_group: "Conditions", "条件关系";
    segment_all: "all of them hold", "满足全部条件";
    segment_any: "one of them holds", "满足任一条件";
    segment_add: "Add a condition", "添加条件";
    segment_condition: "Condition", "条件";
    segment_what: "What: attribute, tag, score, event, purpose, segment", "对象：属性、标签、评分、事件、用途或分群";
    segment_value: "Value", "值";
    segment_days: "Days", "天数";
    segment_json: "As JSON", "JSON 格式";
    segment_count: "Count", "计算人数";
    segment_found: "people are meant", "位客户符合条件";
    segment_sample: "Some of them", "部分客户";
    segment_why_text: "Why this person is in a segment, or why not.", "该客户属于或不属于各分群的原因。";
    segment_in: "member", "属于";
    segment_out: "not a member", "不属于";
    segment_actual: "found", "实际";
    campaigns: "Campaigns", "营销活动";
    campaigns_text: "For each campaign how far it came when it was last concerned, and what stopped it.", "各营销活动最近一次涉及该客户时进行到哪一步，以及因何停止。";
    no_campaigns: "There is no campaign yet.", "还没有营销活动。";
    campaign_reached: "reached", "已完成";
    campaign_stopped: "stopped", "未完成";
    only_managers_segments: "You may look and count, but not save: that needs a token with the scope “manage”.", "您可以查看和计算，但不能保存：需要具有 manage 权限的令牌。";
    when_stage: "Stage is (prospect, fan, customer)", "阶段为（prospect、fan、customer）";
    when_revenue: "Revenue is at least", "消费额至少";
    when_orders: "Orders in all: at least", "订单总数至少";
    when_bought: "Orders in the last days: at least", "最近若干天订单数至少";
    when_spent: "Order value in the last days: at least", "最近若干天订单金额至少";
    when_seen: "Seen in the last days", "最近若干天活跃";
    when_unseen: "Not seen for days", "若干天未活跃";
    when_did: "Did (event) in the last days: at least", "最近若干天某事件次数至少";
    when_never_did: "Did not (event) in the last days", "最近若干天没有某事件";
    when_attribute: "Attribute is", "属性等于";
    when_contains: "Attribute contains", "属性包含";
    when_at_least: "Attribute is at least", "属性数值至少";
    when_birthday: "Birthday in the next days", "未来若干天内生日";
    when_tag: "Has a tag (dimension, name)", "有标签（维度、名称）";
    when_score: "Score is at least", "评分至少";
    when_consent: "Consents to (purpose)", "已授权（用途）";
    when_reachable: "Can be reached through (kind)", "可通过（类型）送达";
    when_segment: "Is in segment", "属于分群";
    when_not_segment: "Is not in segment", "不属于分群";

    insight: "Insight", "洞察";
    insight_text: "What people are like, and when they buy: counted from what happened.", "客户是什么样的人、何时购买：均由真实数据统计。";
    insight_who: "Of whom", "范围";
    insight_everybody: "Everybody", "全部客户";
    insight_computing: "Being counted; it appears here by itself.", "正在统计，完成后自动显示。";
    insight_renewing: "People have changed since; a newer portrait is being counted.", "客户数据已有变化，正在更新画像。";
    insight_again: "Look again", "刷新";
    insight_compare: "Compare with everybody", "与全部客户对比";
    portrait: "Portrait", "客户画像";
    buyers: "Buyers", "购买客户";
    average_order: "Average order", "客单价";
    repeat_share: "Bought again", "复购率";
    bands: "Live and dead data", "活数据与死数据";
    bands_text: "By how long ago people were last seen. Participation is measured: of those who were in the band 30 days ago, the share that has done something since.", "按最近活跃时间划分。参与率为实测值：30 天前处于该区间的客户中，此后有行为的比例。";
    band_two_days: "within 48 hours", "48 小时内";
    band_month: "within 30 days", "30 天内";
    band_quarter: "within 90 days", "90 天内";
    band_half_year: "within 180 days", "180 天内";
    band_older: "longer ago", "更早";
    band_never: "never seen", "从未活跃";
    band_before: "In it 30 days ago", "30 天前人数";
    participation: "Participation", "参与率";
    buys_when: "When they buy", "购买时间";
    buys_most: "Most on {}, {}", "最多：{}，{}";
    orders_by_hour: "Orders by hour of the week", "每周各小时订单数";
    monday: "Mon", "周一";
    tuesday: "Tue", "周二";
    wednesday: "Wed", "周三";
    thursday: "Thu", "周四";
    friday: "Fri", "周五";
    saturday: "Sat", "周六";
    sunday: "Sun", "周日";
    reachability: "Reachability", "可触达性";
    reachability_text: "Who has an address of a channel, whose link delivers, and who allows marketing, too. Answers: of those who were sent a message in the last 90 days, those who did something within 7 days of it.", "有该渠道地址、关联可送达且允许营销的客户。回应：最近 90 天收到消息的客户中，7 天内有行为的人数。";
    channel: "Channel", "渠道";
    channels: "Channels", "渠道";
    reachable: "Reachable", "可触达";
    with_address: "Have an address", "有地址";
    deliverable: "It delivers", "可送达";
    were_sent: "Were sent", "已发送";
    have_answered: "Answered", "已回应";
    has_answered: "answered", "已回应";
    has_not_answered: "did not answer", "未回应";
    not_connected: "not connected", "未接入";
    no_channels: "No connector is switched on, so no channel reaches anybody.", "没有启用的渠道连接器，暂无法触达。";
    no_address: "no address", "没有地址";
    link_not_valid: "link invalid or disputed", "关联无效或有争议";
    no_consent: "no consent", "未授权营销";
    addresses: "Addresses: deliverable / all", "地址：可送达 / 全部";
    concerns: "What they care about", "关注点";
    concerns_text: "Tags over all dimensions, by what is left of their weight.", "所有维度的标签，按剩余权重合计。";
    tags_by_dimension: "Tags by dimension: people · mean weight", "各维度标签：人数 · 平均权重";
    others: "others", "其他";
    stage_title: "Stage", "阶段";
    roles: "Roles", "角色";
    role_consumer: "consumer", "消费者";
    role_opinion_leader: "opinion leader", "意见领袖";
    role_employee: "employee", "员工";
    role_promoter: "promoter", "推客";
    role_partner: "partner", "合作伙伴";
    gender: "Gender", "性别";
    gender_female: "female", "女";
    gender_male: "male", "男";
    gender_other: "other", "其他";
    age: "Age", "年龄";
    place: "Place", "地区";
    city: "City", "城市";
    province: "Province", "省份";
    country: "Country", "国家或地区";
    first_channel: "Channel of the first contact", "首次接触渠道";
    first_touch: "First contact", "首次接触";
    last_touch: "Latest contact", "最近接触";
    comma: ", ", "、";

    settings: "Settings", "设置";
    settings_text: "What this brand sets for itself. Every change is noted in the log.", "品牌自己的设置，所有修改都会记入日志。";
    only_managers_settings: "You may look, but not change: that needs a token with the scope “manage”.", "您可以查看，但不能修改：需要具有 manage 权限的令牌。";
    settings_region: "Region", "地区";
    settings_region_text: "Phone numbers without a country code are read as numbers of this country: two letters such as CN.", "没有国家代码的手机号按该国家或地区识别，填写两个字母，如 CN。";
    settings_time_zone: "Time zone", "时区";
    settings_time_zone_text: "Hours in portraits are told in this time zone, such as Asia/Shanghai; UTC if there is none.", "画像中的小时按该时区显示，如 Asia/Shanghai；留空则为 UTC。";
    settings_language: "Language", "语言";
    settings_language_text: "In this language kept contents are said to people of whom none is known, such as zh.", "未知对方语言时使用的内容语言，如 zh。";
    settings_tracking: "Following messages", "消息跟踪";
    settings_tracking_text: "Links of messages lead over this host, which notes that they were followed; an invisible image in mails tells that they were looked at. It takes the host's public address in its configuration. Nobody is followed whom a purpose called tracking or analytics does not allow.", "消息中的链接经由本系统跳转以记录点击；邮件中的不可见图片用于记录打开。需要在系统配置中设置公网地址。若用途 tracking 或 analytics 未获允许，则不会跟踪。";
    settings_tracking_links: "Which links are followed", "记录链接点击";
    settings_tracking_opens: "Which messages are looked at", "记录消息打开";
    settings_receipts: "Days that receipts are kept", "决策凭证保留天数";
    settings_exchanges: "Days that exchanges with channels are kept", "渠道往来内容保留天数";
    settings_exchanges_text: "What was sent to a channel for a message and what it answered, without secrets. Older ones are taken away. Empty: 7 days.", "为每条消息发给渠道的请求及其应答，不含密钥；更早的会被删除。留空则为 7 天。";
    settings_receipts_text: "Receipts of decisions about older events are taken away, and with them the chance to execute these again. Empty: they are kept for ever.", "更早事件的决策凭证会被删除，之后无法重新执行这些决策。留空则永久保留。";
    settings_purposes: "Purposes", "用途";
    settings_purposes_text: "What data is used for. A purpose that is not named here needs no consent; marketing messages need the purpose “marketing” once it is.", "数据的使用用途。未在此列出的用途不需要授权；列出 marketing 后，营销消息必须取得该用途的授权。";
    settings_attributes: "Attributes", "属性";
    settings_attributes_text: "Attributes with a type. Others take what comes.", "带类型的属性；其他属性不做限制。";
    settings_dimensions: "Dimensions of tags", "标签维度";
    settings_dimensions_text: "Tags of a dimension can lose weight as time goes by.", "某个维度的标签权重可以随时间衰减。";
    settings_webhooks: "Webhooks", "Webhook 通知";
    settings_webhooks_text: "Addresses of your own systems that are told what becomes of this brand.", "您自己系统的通知地址，用于接收本品牌的变化。";
    settings_name: "Name", "名称";
    settings_title: "Title", "标题";
    settings_basis: "Lawful basis", "法律依据";
    settings_days: "Days a consent holds", "授权有效天数";
    settings_fields: "Fields bound to it", "绑定的字段";
    settings_kind: "Kind of values", "值的类型";
    settings_fresh_days: "Days until a value is old", "值的保鲜天数";
    settings_half_life: "Half-life in days", "半衰期（天）";
    settings_add: "Add or change", "添加或修改";
    settings_save: "Save", "保存";
    settings_remove: "Remove", "删除";
    kind_text: "text", "文本";
    kind_number: "number", "数字";
    kind_integer: "whole number", "整数";
    kind_flag: "yes or no", "是否";
    kind_date: "day", "日期";
    kind_texts: "several texts", "多个文本";
    event_consent: "Consent was noted", "登记授权";
    event_consent_granted: "Gave consent", "给予授权";
    event_consent_withdrawn: "Withdrew consent", "撤回授权";
    event_poll_reset: "Where a channel is asked on was set", "重设渠道拉取位置";
    event_exported: "An archive was taken", "导出个人数据";
    event_settings: "Settings were changed", "修改设置";
    event_segment_entered: "Entered segments", "进入分群";
    event_segment_left: "Left segments", "离开分群";
    event_erased: "Somebody was forgotten", "删除个人数据";
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

    /// The same by its code.
    pub fn stage_code<'a>(&self, code: &'a str) -> &'a str {
        Stage::parse(code).map_or(code, |stage| self.stage(stage))
    }

    /// What a person is to the brand.
    pub fn role(&self, role: Role) -> &'static str {
        match role {
            Role::Consumer => self.role_consumer,
            Role::OpinionLeader => self.role_opinion_leader,
            Role::Employee => self.role_employee,
            Role::Promoter => self.role_promoter,
            Role::Partner => self.role_partner,
        }
    }

    /// The same by its code.
    pub fn role_code<'a>(&self, code: &'a str) -> &'a str {
        Role::parse(code).map_or(code, |role| self.role(role))
    }

    /// Gender by its code.
    pub fn gender_code<'a>(&self, code: &'a str) -> &'a str {
        match Gender::ALL.into_iter().find(|gender| gender.as_str() == code) {
            Some(Gender::Female) => self.gender_female,
            Some(Gender::Male) => self.gender_male,
            Some(Gender::Other) => self.gender_other,
            None => code,
        }
    }

    /// How long ago somebody was last seen.
    pub fn band(&self, band: Band) -> &'static str {
        match band {
            Band::TwoDays => self.band_two_days,
            Band::Month => self.band_month,
            Band::Quarter => self.band_quarter,
            Band::HalfYear => self.band_half_year,
            Band::Older => self.band_older,
            Band::Never => self.band_never,
        }
    }

    /// Why a channel does not reach somebody.
    pub fn unreachable(&self, reason: Unreachable) -> &'static str {
        match reason {
            Unreachable::NoConnector => self.not_connected,
            Unreachable::NoAddress => self.no_address,
            Unreachable::LinkInvalid => self.link_not_valid,
            Unreachable::NoConsent => self.no_consent,
        }
    }

    /// How far an identity may be relied on.
    pub fn link_state(&self, state: LinkState) -> &'static str {
        match state {
            LinkState::Unverified => self.link_unverified,
            LinkState::Verified => self.link_verified,
            LinkState::Disputed => self.link_disputed,
            LinkState::Invalid => self.link_invalid,
            LinkState::Stale => self.link_stale,
        }
    }

    /// What was done about an identity.
    pub fn identity_action(&self, action: ActionKind) -> &'static str {
        match action {
            ActionKind::Link => self.did_link,
            ActionKind::Confirm => self.did_confirm,
            ActionKind::Dispute => self.did_dispute,
            ActionKind::Invalidate => self.did_invalidate,
            ActionKind::Recheck => self.did_recheck,
            ActionKind::Merge => self.did_merge,
            ActionKind::Split => self.did_split,
            ActionKind::Dismiss => self.did_dismiss,
        }
    }

    /// Why identities were not linked by themselves.
    pub fn conflict_cause(&self, cause: Cause) -> &'static str {
        match cause {
            Cause::Unverified => self.cause_unverified,
            Cause::Exclusive => self.cause_exclusive,
            Cause::Limit => self.cause_limit,
            Cause::TooLarge => self.cause_too_large,
            Cause::Disputed => self.cause_disputed,
            Cause::Suspicious => self.cause_suspicious,
        }
    }

    /// Why processing is lawful.
    pub fn basis(&self, basis: Basis) -> &'static str {
        match basis {
            Basis::Consent => self.basis_consent,
            Basis::LegitimateInterest => self.basis_interest,
            Basis::Contract => self.basis_contract,
        }
    }

    /// What values of an attribute look like.
    pub fn attribute_kind(&self, kind: AttributeKind) -> &'static str {
        match kind {
            AttributeKind::Text => self.kind_text,
            AttributeKind::Number => self.kind_number,
            AttributeKind::Integer => self.kind_integer,
            AttributeKind::Flag => self.kind_flag,
            AttributeKind::Date => self.kind_date,
            AttributeKind::Texts => self.kind_texts,
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
            MessageStatus::Cancelled => self.cancelled,
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
            "shadowed" => Badge { code: "shadowed", title: self.shadowed },
            _ => Badge { code: "unknown", title: self.unknown },
        }
    }

    /// What a decision carries that was made beside the one that took effect.
    pub fn shadow_of(&self, is_shadow: bool) -> Option<Badge<'static>> {
        is_shadow.then_some(Badge { code: "shadow", title: self.shadow })
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
            guanxi_domain::event::CANDIDATE => self.event_candidate,
            guanxi_domain::relations::RELATIONS => self.event_relations,
            guanxi_domain::consent::CONSENT => self.event_consent,
            guanxi_domain::consent::GRANTED => self.event_consent_granted,
            guanxi_domain::consent::WITHDRAWN => self.event_consent_withdrawn,
            guanxi_domain::erasure::ERASED => self.event_erased,
            guanxi_app::EXPORTED => self.event_exported,
            guanxi_app::SETTINGS => self.event_settings,
            guanxi_app::POLL_RESET => self.event_poll_reset,
            guanxi_domain::segment::ENTERED => self.event_segment_entered,
            guanxi_domain::segment::LEFT => self.event_segment_left,
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
