//! The visible words of the audiences' room, in English and Chinese, beside `crate::words`.

use crate::language::Language;
use crate::words::words;

words! {
    title: "Audiences", "广告人群包";
    intro: "Segments on advertising channels. A channel is told hashes of identifiers of people who allow the purpose, and nothing else; whoever leaves the segment, takes consent back or is erased is removed there, too.", "将分群同步到广告渠道。渠道只会收到允许该用途的人的哈希标识；离开分群、撤回授权或被删除的人也会在渠道侧移除。";
    none_yet: "There is no audience yet.", "还没有人群包。";
    name: "Name", "标识";
    heading: "Title", "名称";
    segment: "Segment", "分群";
    installation: "Connector", "渠道连接器";
    channel_audience: "Audience on the channel", "渠道侧人群包编号";
    kinds: "Identifiers", "标识类型";
    kinds_hint: "Kinds of identities, separated by commas: email, phone", "身份类型，用逗号分隔，如 email, phone";
    purpose: "Purpose", "用途";
    purpose_hint: "A purpose of the settings that people must have allowed", "设置中的用途，须经本人授权";
    add: "Add an audience", "新建人群包";
    save: "Save", "保存";
    there: "On the channel", "已在渠道";
    adding: "to add", "待添加";
    removing: "to remove", "待移除";
    last: "Last upload", "上次上传";
    never: "never", "从未";
    next: "Next try", "下次尝试";
    in_step: "In step", "已同步";
    under_way: "Under way", "同步中";
    held: "Held back", "已暂缓";
    ending: "Being deleted", "删除中";
    sync: "Sync now", "立即同步";
    remove: "Delete", "删除";
    remove_text: "Everybody is removed on the channel first; the audience goes once that is done.", "先在渠道侧移除全部成员，完成后人群包即被删除。";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}
