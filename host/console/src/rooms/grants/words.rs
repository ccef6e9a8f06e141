//! The visible words about what a plugin may do, in English and Chinese, beside `crate::words`.

use crate::language::Language;
use crate::words::words;

words! {
    intro: "A plugin sees and does only what is ticked here, and of that only what the operator allows.", "插件只能看到并执行此处勾选的内容，且以运营方允许的范围为限。";
    only_managers: "You may look, but not change anything: your token lacks the scope “manage”.", "您可以查看但不能更改：令牌缺少 manage 权限。";
    save: "Save", "保存";
    upgrade: "The version that waits", "待批准的版本";
    upgrade_intro: "Once somebody approves it, it takes the place of what runs, with its configuration. Until then nothing changes.", "批准后，该版本连同其配置将取代当前版本；在此之前一切照旧。";
    runs: "It runs", "当前运行";
    waits: "It waits for", "等待批准";
    at: "When", "提交时间";
    hosts: "Its configuration sends requests to what it did not name before:", "其配置会访问此前未出现的主机：";
    may: "What it may do from then on", "批准后的权限";
    secrets: "Secrets that are not set", "尚未设置的密钥";
    secrets_text: "They are sealed at once and never shown again. Whatever is left empty stays as it is.", "密钥提交后立即加密保存，不再显示；留空则保持不变。";
    approve: "Approve", "批准";
    refuse: "Refuse", "拒绝";
    refuse_text: "What is installed stays as it is.", "已安装的版本保持不变。";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}
