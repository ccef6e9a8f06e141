//! How the provenance of attributes is stored: what one source said at one time stands together, since an import or a
//! form says much at once. Rows of earlier versions name the source of each attribute.

use std::collections::BTreeMap;

use guanxi_domain::Millis;
use guanxi_domain::person::Provenance;
use serde::{Deserialize, Serialize};

/// By the attribute's name.
type ByName = BTreeMap<String, Provenance>;

/// What one source said at one time, and about which attributes.
#[derive(Serialize, Deserialize)]
pub(crate) struct Said<N> {
    at: Millis,
    source: N,
    of: Vec<N>,
}

/// What the column may hold.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Stored {
    BySource(Vec<Said<String>>),
    ByName(ByName),
}

/// What is stored.
pub(crate) fn by_source(provenance: &ByName) -> Vec<Said<&str>> {
    let mut all: Vec<Said<&str>> = Vec::new();
    for (name, Provenance { at, source }) in provenance {
        match all.iter_mut().find(|said| said.at == *at && said.source == source) {
            Some(said) => said.of.push(name),
            None => all.push(Said { at: *at, source, of: vec![name] }),
        }
    }
    all
}

impl Stored {
    pub(crate) fn by_name(self) -> ByName {
        match self {
            Self::ByName(provenance) => provenance,
            Self::BySource(all) => {
                let each = all.into_iter().flat_map(|Said { at, source, of }| {
                    of.into_iter().map(move |name| (name, Provenance { at, source: source.clone() }))
                });
                each.collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_at_once_stands_together_and_both_forms_are_read() {
        let said = |at, source: &str| Provenance { at, source: source.to_owned() };
        let provenance: ByName =
            [("city", said(1, "crm")), ("level", said(2, "api")), ("name", said(1, "crm")), ("age", said(1, "api"))]
                .map(|(name, said)| (name.to_owned(), said))
                .into();
        let text = serde_json::to_string(&by_source(&provenance)).unwrap();
        assert_eq!(
            text,
            r#"[{"at":1,"source":"api","of":["age"]},{"at":1,"source":"crm","of":["city","name"]},{"at":2,"source":"api","of":["level"]}]"#
        );
        let read = |text: &str| serde_json::from_str::<Stored>(text).unwrap().by_name();
        assert_eq!(read(&text), provenance);
        assert_eq!(read(&serde_json::to_string(&provenance).unwrap()), provenance);
        assert!(read("{}").is_empty() && read("[]").is_empty());
    }
}
