//! The visible words of sums, in English and Chinese, beside `crate::words`.

use crate::language::Language;
use crate::words::words;

words! {
    acted: "Decisions that ask for something", "有动作的决策";
    skipped: "Decisions that ask for nothing", "无动作的决策";
    failures: "Moments without a decision", "失败的决策";
    messaged: "People who get a message", "收到消息的客户数";
    marketing: "Messages that are advertising", "营销消息数";
    messages: "Messages", "消息";
    any_channel: "channel left to the host", "渠道由系统选择";
    points: "Points", "积分";
    coupons: "Coupons", "优惠券";
    money: "Money, minor units", "金额（最小单位）";
    fuel: "Fuel", "燃料";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}
