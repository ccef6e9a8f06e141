//! What WeChat's templates take.

use std::collections::BTreeMap;

use guanxi_channel_kit::template::Marks;

/// How WeChat writes the place of a value.
pub const MARKS: Marks = Marks { open: "{{", close: ".DATA}}" };

/// The most characters of a value, by the beginning of its name. From WeChat's documentation of subscribe messages, whose
/// kinds of values templates share since 2023; looked up 2026-11-21.
const VALUE_CHARACTERS_MAX: &[(&str, usize)] = &[
    ("thing", 20),
    ("number", 32),
    ("letter", 32),
    ("symbol", 5),
    ("character_string", 32),
    ("phone_number", 17),
    ("car_number", 8),
    ("phrase", 5),
];

/// The first value that is longer than WeChat takes, in words.
pub fn too_long(values: &BTreeMap<String, String>) -> Option<String> {
    values.iter().find_map(|(name, value)| {
        let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let (_, most) = VALUE_CHARACTERS_MAX.iter().find(|(known, _)| *known == kind)?;
        let characters = value.chars().count();
        (characters > *most).then(|| format!("`{name}` has {characters} characters, and WeChat takes {most}"))
    })
}
