//! The visible words of when and how often people are written to, in English and Chinese, beside `crate::words`.

use crate::language::Language;
use crate::words::words;

words! {
    quiet_hours: "Quiet hours", "免打扰时段";
    quiet_hours_text: "Messages of these classes wait until the quiet hours are over, by the clock where the person is: their attribute time_zone or timezone, else the time zone of the brand. Empty: there are none.", "此类消息会等到免打扰时段结束后再发送，按客户所在地时间计算：优先使用其 time_zone 或 timezone 属性，否则使用品牌时区。留空则不启用。";
    from: "From", "开始";
    to: "Until", "结束";
    classes: "Classes of messages", "消息类别";
    caps: "Caps", "频次上限";
    caps_text: "At most so many messages to one person, over all channels and campaigns. What would be more is not sent, and the message says why.", "限制每位客户在所有渠道和活动中收到的消息数量，超出部分不再发送，并在消息中说明原因。";
    limit: "At most", "上限（条）";
    days: "Days", "天数";
    hours: "or hours", "或小时数";
    purpose: "Only for this purpose", "仅限此用途";
    channel: "Only on this channel", "仅限此渠道";
    period: "In", "时段";
    in_days: "{} days", "{} 天";
    in_hours: "{} hours", "{} 小时";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}
