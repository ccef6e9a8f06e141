//! The visible words of a plugin's settings, in English and Chinese, beside `crate::words`.

use crate::language::Language;
use crate::words::words;

words! {
    title: "Settings", "设置";
    intro: "What this plugin is told about how to work here. The plugin says which settings there are.", "该插件在本品牌的工作方式，可设置的内容由插件定义。";
    only_installers: "You may look, but not change anything: your token lacks the scope “manage” or “install”.", "您可以查看但不能更改：令牌缺少 manage 或 install 权限。";
    waits_text: "A token that may not grant sends what would reach another host to whoever may: it waits for an approval.", "令牌无授权权限时，会访问新主机的更改将等待批准。";
    required: "required", "必填";
    default: "If left out:", "留空则为：";
    lines: "One a line.", "每行一个。";
    json: "Written as JSON.", "以 JSON 填写。";
    none: "not set", "未设置";
    add: "Add", "添加";
    new_key: "Name of a new entry", "新条目名称";
    remove: "Remove", "删除";
    save: "Save", "保存";
    fits: "Everything fits. Nothing is changed before it is saved.", "内容有效，保存后生效。";
    problems: "Put these right first: {}", "需先修正：{} 处";
    fill_in: "What was added is empty yet: fill it in, then save.", "新添加的条目尚为空，请填写后保存。";
    mend_first: "A part of this list is no JSON; put that right before an entry is removed.", "该列表中有内容不是有效的 JSON，请先修正再删除条目。";
    changed: "Somebody changed this plugin since this page was shown. What you typed is still here, and what is saved now stands below; saving again replaces it.", "此页面显示后，有人更改了该插件。您输入的内容仍在，当前已保存的配置见下方；再次保存将覆盖它。";
    saved_now: "What is saved now", "当前已保存的配置";
    whole: "All of it as JSON", "以 JSON 编辑全部";
    whole_text: "For whoever knows it by heart. It is checked as the fields are.", "供熟悉配置的人员使用，校验方式与表单相同。";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}
