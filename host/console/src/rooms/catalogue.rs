//! What the plugins of a tenant call themselves and their scores, in the visitor's language.

use std::collections::HashMap;

use guanxi_app::{App, AppError};
use guanxi_domain::manifest::{Manifest, ScoreSpec};

use crate::language::Language;
use crate::session::Visitor;

/// Names for people, by the names of the record.
pub struct Catalogue {
    language: Language,
    scores: Vec<ScoreSpec>,
    installations: HashMap<String, String>,
}

impl Catalogue {
    /// Reads the manifests of everything that the tenant has installed.
    pub async fn of(app: &App, visitor: &Visitor, slug: &str) -> Result<Self, AppError> {
        let language = visitor.language;
        let mut scores: Vec<ScoreSpec> = Vec::new();
        let mut installations = HashMap::new();
        for view in app.installations(&visitor.caller, slug).await? {
            let Manifest { title, name, scorer, .. } = view.plugin.manifest;
            let title = language.pick(&title).to_owned();
            let own = &view.installation.name;
            let title = if *own == name { title } else { format!("{title} ({own})") };
            installations.insert(own.clone(), title);
            for score in scorer.into_iter().flat_map(|scorer| scorer.scores) {
                if scores.iter().all(|known| known.name != score.name) {
                    scores.push(score);
                }
            }
        }
        Ok(Self { language, scores, installations })
    }

    /// What people call an installation.
    pub fn installation<'a>(&'a self, name: &'a str) -> &'a str {
        self.installations.get(name).map_or(name, String::as_str)
    }

    /// Every score that can be there: name and title.
    pub fn scores(&self) -> impl Iterator<Item = (&str, &str)> {
        self.scores.iter().map(|score| (score.name.as_str(), self.language.pick(&score.title)))
    }

    /// What people call a score.
    pub fn score<'a>(&'a self, name: &'a str) -> &'a str {
        self.spec(name).map_or(name, |score| self.language.pick(&score.title))
    }

    /// How a score is made, if its manifest says so.
    pub fn formula(&self, name: &str) -> Option<&str> {
        self.spec(name).map(|score| self.language.pick(&score.formula)).filter(|text| !text.is_empty())
    }

    /// What people call a term of a score.
    pub fn term<'a>(&'a self, score: &str, term: &'a str) -> &'a str {
        let spec = self.spec(score).and_then(|score| score.terms.iter().find(|known| known.name == term));
        spec.map_or(term, |term| self.language.pick(&term.title))
    }

    fn spec(&self, name: &str) -> Option<&ScoreSpec> {
        self.scores.iter().find(|score| score.name == name)
    }
}
