//! The visible words of the room of a channel that is asked, in English and Chinese, beside `crate::words`.

use crate::language::Language;
use crate::words::words;

words! {
    title: "Asking the channel", "渠道拉取";
    intro: "This connector asks its channel for what is new. Events come in once, whatever happens in between.", "该连接器会定期向渠道拉取新内容。无论中途发生什么，事件都只会记录一次。";
    off: "The installation is switched off; nothing is asked.", "该插件已停用，不会拉取。";
    never: "never", "从未";
    every: "Every, seconds", "间隔（秒）";
    succeeded: "Last success", "上次成功";
    polled: "Last asked", "上次拉取";
    next: "Next", "下次拉取";
    events: "Events so far", "累计事件";
    failures: "Failures in a row", "连续失败";
    outcome: "Outcome", "结果";
    problem: "Why", "原因";
    cursor: "Where it goes on", "游标位置";
    cursor_at: "There since", "游标更新于";
    beginning: "the beginning", "起点";
    now: "Ask now", "立即拉取";
    reset: "Set where it goes on", "重设游标";
    reset_text: "Without a place it begins anew. What comes again is known and not kept twice; what lies before another place never comes.", "留空则从头开始。重复的事件会被识别而不会再次记录；位置之前的内容不会再拉取。";
    place: "Place, in the channel's own terms", "游标（渠道自有格式）";
    reason: "Why", "原因说明";
    last_reset: "Last set", "上次重设";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}
