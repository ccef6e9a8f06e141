//! Whether an approved template could have made a text: campaigns write what people read, and platforms know templates.

/// Whether `template`, in which names of values stand between `open` and `close`, says `text` with values of its own.
pub(super) fn says(template: &str, open: &str, close: &str, text: &str) -> bool {
    let Some((first, mut rest)) = template.split_once(open) else { return template == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    loop {
        let Some((_, after)) = rest.split_once(close) else { return false };
        let Some((literal, more)) = after.split_once(open) else {
            return text.strip_suffix(after).is_some_and(|value| !value.is_empty());
        };
        // Nothing says where one value ends and the next begins.
        if literal.is_empty() {
            return false;
        }
        match text.split_once(literal) {
            Some((value, left)) if !value.is_empty() => (text, rest) = (left, more),
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ch_6_templates_are_known_by_what_they_say() {
        for (template, open, close, text, expected) in [
            ("您好${name}，订单${no}已发。", "${", "}", "您好阿达，订单7，8已发。", true),
            ("您好${name}，订单${no}已发。", "${", "}", "您好阿达，订单7，8未发。", false),
            ("${a}${b}", "${", "}", "12", false),
            ("x${a}", "${", "}", "x", false),
            ("x${a", "${", "}", "x1", false),
            ("固定", "${", "}", "固定", true),
            ("固定", "${", "}", "固定的", false),
            ("码{1}", "{", "}", "码7", true),
            ("订单{{thing1.DATA}}。", "{{", ".DATA}}", "订单茶。", true),
            ("订单{{thing1}}。", "{{", ".DATA}}", "订单茶。", false),
        ] {
            assert_eq!(says(template, open, close, text), expected, "{template} {text}");
        }
    }
}
