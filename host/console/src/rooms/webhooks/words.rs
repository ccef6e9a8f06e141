//! The visible words of the webhooks' rooms, in English and Chinese, beside `crate::words`.

use guanxi_domain::webhook::{DeliveryStatus, NoticeKind, Off};

use crate::language::Language;
use crate::words::words;

words! {
    title: "Webhooks", "Webhook 通知";
    intro: "Your own systems are told what becomes of this brand here, signed after Standard Webhooks. Notices carry no personal data.", "将本品牌在系统中的变化通知给您自己的系统，按 Standard Webhooks 规范签名。通知不包含个人数据。";
    only_managers: "Only a token with the scope “manage” sees addresses: they may be as good as passwords.", "只有具有 manage 权限的令牌可以查看通知地址：地址可能相当于密码。";
    none_yet: "No address is told anything yet.", "还没有通知地址。";
    address: "Address", "地址";
    kinds: "It is told of", "通知内容";
    add: "Add an address", "添加地址";
    change: "Change", "修改";
    save: "Save", "保存";
    on: "On", "已启用";
    enabled: "Switched on", "启用该地址";
    off_staff: "Switched off", "已停用";
    off_gone: "Switched off: it answered 410", "已停用：对方返回 410";
    off_failing: "Switched off: it took nothing for days", "已停用：连续多日未接收";
    failing: "Nothing arrives since", "持续失败，自";
    dropped: "Dropped, because too many waited", "因积压过多而丢弃";
    secret: "Secret", "密钥";
    secret_text: "Copy it now: it is shown this once. Your system checks signatures with it.", "请立即复制，仅显示这一次。您的系统用它校验签名。";
    rotate: "Rotate the secret", "轮换密钥";
    rotate_text: "For a day the old secret and the new one both sign.", "一天之内新旧密钥会同时签名。";
    rotated: "Rotated", "上次轮换";
    test: "Send a test", "发送测试";
    remove: "Delete", "删除";
    remove_text: "With all that is on its way there.", "正在发送的通知也会一并删除。";
    deliveries: "Latest notices", "最近的通知";
    no_deliveries: "Nothing was sent yet.", "还没有发送过通知。";
    kind: "Notice", "通知";
    status: "Status", "状态";
    tries: "Tries", "次数";
    answered: "Answer", "应答";
    why: "Why not", "失败原因";
    at: "At", "时间";
    next: "Next try", "下次尝试";
    retry: "Send once more", "再次发送";
    waiting: "waiting", "等待";
    sending: "sending", "发送中";
    delivered: "delivered", "已送达";
    failed: "failed", "失败";
    kind_candidate: "A candidate started, stopped, was promoted or fell back", "候选版本开始、停止、转正或自动回退";
    kind_dead_letter: "An event cannot be processed", "有事件无法处理";
    kind_import: "An import ended", "导入结束";
    kind_installation: "A plugin was quarantined, or works again", "插件被隔离或恢复";
    kind_upgrade: "A plugin's version waits for approval", "有插件版本等待批准";
    kind_webhook: "The host switched another address off", "另一地址被系统停用";
    kind_test: "Test", "测试";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}

impl Words {
    /// What a notice is about.
    pub fn of_kind(&self, kind: NoticeKind) -> &'static str {
        match kind {
            NoticeKind::Candidate => self.kind_candidate,
            NoticeKind::DeadLetter => self.kind_dead_letter,
            NoticeKind::Import => self.kind_import,
            NoticeKind::Installation => self.kind_installation,
            NoticeKind::Upgrade => self.kind_upgrade,
            NoticeKind::Webhook => self.kind_webhook,
            NoticeKind::Test => self.kind_test,
        }
    }

    /// Whether an address is told anything, and why not.
    pub fn of_off(&self, off: Option<Off>) -> &'static str {
        match off {
            None => self.on,
            Some(Off::SwitchedOff) => self.off_staff,
            Some(Off::Gone) => self.off_gone,
            Some(Off::Failing) => self.off_failing,
        }
    }

    /// How far a notice has come.
    pub fn of_status(&self, status: DeliveryStatus) -> &'static str {
        match status {
            DeliveryStatus::Waiting => self.waiting,
            DeliveryStatus::Sending => self.sending,
            DeliveryStatus::Delivered => self.delivered,
            DeliveryStatus::Failed => self.failed,
        }
    }
}
