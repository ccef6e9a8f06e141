//! From a text back to the template that made it: campaigns write what people read, and the channel wants the values.

use std::collections::BTreeMap;

/// How a platform writes the place of a value: `{name}`, `${name}`, `{{name.DATA}}`.
#[derive(Debug, Clone, Copy)]
pub struct Marks {
    /// Before the name.
    pub open: &'static str,
    /// Behind it.
    pub close: &'static str,
}

/// The template that says `text`, with its values; the one with the longest text of its own if there are several.
pub fn matching<'t>(
    marks: Marks,
    templates: &'t BTreeMap<String, String>,
    text: &str,
) -> Option<(&'t str, BTreeMap<String, String>)> {
    let found = templates.iter().filter_map(|(id, template)| {
        let values = values(marks, template, text)?;
        let taken: usize = values.values().map(String::len).sum();
        Some((taken, id.as_str(), values))
    });
    found.min_by_key(|(taken, ..)| *taken).map(|(_, id, values)| (id, values))
}

/// The values with which a template says `text`.
fn values(Marks { open, close }: Marks, template: &str, text: &str) -> Option<BTreeMap<String, String>> {
    let mut values = BTreeMap::new();
    let Some((first, mut rest)) = template.split_once(open) else {
        return (template == text).then_some(values);
    };
    let mut text = text.strip_prefix(first)?;
    loop {
        let (name, after) = rest.split_once(close)?;
        let (literal, more) = after.split_once(open).map_or((after, None), |(literal, more)| (literal, Some(more)));
        let (value, left) = match more {
            // Nothing says where one value ends and the next begins.
            Some(_) if literal.is_empty() => return None,
            Some(_) => text.split_once(literal)?,
            None => (text.strip_suffix(literal)?, ""),
        };
        let same = values.insert(name.trim().to_owned(), value.to_owned()).is_none_or(|earlier| earlier == value);
        if value.is_empty() || !same {
            return None;
        }
        match more {
            Some(more) => (text, rest) = (left, more),
            None => return Some(values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOLLAR: Marks = Marks { open: "${", close: "}" };

    fn check(marks: Marks, template: &str, text: &str, expected: Option<&[(&str, &str)]>) {
        let templates = [("T".to_owned(), template.to_owned())].into();
        let found = matching(marks, &templates, text).map(|(_, values)| values);
        let expected = expected.map(|pairs| pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect());
        assert_eq!(found, expected, "{template} {text}");
    }

    #[test]
    fn templates_are_found_by_what_they_say() {
        check(
            DOLLAR,
            "您好${name}，订单${no}已发。",
            "您好阿达，订单7，8已发。",
            Some(&[("name", "阿达"), ("no", "7，8")]),
        );
        check(DOLLAR, "${a}=${a}", "1=1", Some(&[("a", "1")]));
        check(DOLLAR, "${a}=${a}", "1=2", None);
        check(DOLLAR, "${a}${b}", "12", None);
        check(DOLLAR, "x${a}", "x", None);
        check(DOLLAR, "x${a", "x1", None);
        check(DOLLAR, "固定", "固定", Some(&[]));
        check(DOLLAR, "固定", "固定的", None);
        check(Marks { open: "{", close: "}" }, "码{1}", "码7", Some(&[("1", "7")]));
        check(Marks { open: "{{", close: ".DATA}}" }, "订单{{thing1.DATA}}。", "订单茶。", Some(&[("thing1", "茶")]));
        check(Marks { open: "{{", close: ".DATA}}" }, "订单{{thing1}}。", "订单茶。", None);
        let both = [("A".to_owned(), "${all}".to_owned()), ("B".to_owned(), "码${code}".to_owned())].into();
        assert_eq!(matching(DOLLAR, &both, "码7").unwrap().0, "B");
    }
}
