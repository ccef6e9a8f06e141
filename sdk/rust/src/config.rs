//! An installation's configuration: JSON from the host, a type of the author's choice in the plugin.

use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny};

use crate::words::Failure;

/// The configuration of a plugin that needs none; whatever is set is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NoConfig;

impl<'de> Deserialize<'de> for NoConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// Reads a configuration; a setting that does not fit is a [`Failure::BadConfig`] that names its path.
///
/// The macros call this once for every call of the plugin, so authors rarely do.
pub fn read<T: DeserializeOwned>(json: &str) -> Result<T, Failure> {
    parse(json).map_err(Failure::BadConfig)
}

/// Reads any JSON; the problem names the path of what does not fit.
pub(crate) fn parse<T: DeserializeOwned>(json: &str) -> Result<T, String> {
    let mut deserializer = serde_json::Deserializer::from_str(if json.is_empty() { "{}" } else { json });
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let problem = error.into_inner();
        if path == "." { problem.to_string() } else { format!("`{path}`: {problem}") }
    })?;
    deserializer.end().map_err(|problem| problem.to_string())?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Settings {
        texts: std::collections::BTreeMap<String, String>,
    }

    #[test]
    fn no_config_takes_anything() {
        for json in ["", "{}", "null", r#"{"left": "over"}"#] {
            assert_eq!(read::<NoConfig>(json), Ok(NoConfig), "{json}");
        }
    }

    #[test]
    fn a_problem_names_its_path() {
        let problem = |json| match read::<Settings>(json) {
            Err(Failure::BadConfig(problem)) => problem,
            other => panic!("{other:?}"),
        };
        assert!(problem(r#"{"texts": {"en": 1}}"#).starts_with("`texts.en`: invalid type"));
        assert!(problem("").starts_with("missing field `texts`"));
        assert!(problem(r#"{"texts": {}} x"#).starts_with("trailing characters"));
    }
}
