//! Analyzers: texts to tags, mood, topics and language.
//!
//! ```
//! use guanxi_plugin::analyzer::{Analyzer, Reading, Text};
//! use guanxi_plugin::{Failure, NoConfig};
//!
//! struct Complaints;
//!
//! impl Analyzer for Complaints {
//!     type Config = NoConfig;
//!
//!     fn read(_: &NoConfig, text: &Text) -> Result<Reading, Failure> {
//!         let reading = Reading::new();
//!         Ok(if text.body.contains("refund") { reading.tag("intent", "complaint", 0.8).mood(-0.5) } else { reading })
//!     }
//! }
//!
//! guanxi_plugin::analyzer!(Complaints);
//!
//! let text = Text { id: "1".to_owned(), language: None, body: "I want a refund".to_owned() };
//! assert_eq!(Complaints::read(&NoConfig, &text).unwrap().mood, Some(-0.5));
//! ```

use serde::de::DeserializeOwned;

pub use crate::bindings::analyzer::{Reading, Text};
use crate::config;
use crate::words::{Failure, Tag};

/// Reads texts.
pub trait Analyzer {
    /// The installation's configuration.
    type Config: DeserializeOwned;

    /// Reads one text; a failure concerns this text only.
    fn read(config: &Self::Config, text: &Text) -> Result<Reading, Failure>;
}

impl Reading {
    /// A reading that says nothing yet.
    #[expect(clippy::new_without_default, reason = "an empty reading is a starting point, not a default answer")]
    pub fn new() -> Self {
        Self { tags: Vec::new(), mood: None, topics: Vec::new(), language: None, flagged: Vec::new() }
    }

    /// Labels the person who wrote it; `weight` from 0 to 1.
    #[must_use]
    pub fn tag(mut self, dimension: &str, name: &str, weight: f64) -> Self {
        self.tags.push(Tag { dimension: dimension.to_owned(), name: name.to_owned(), weight });
        self
    }

    /// From -1 (angry) to 1 (delighted).
    #[must_use]
    pub fn mood(self, mood: f64) -> Self {
        Self { mood: Some(mood), ..self }
    }

    /// What the text is about.
    #[must_use]
    pub fn topic(mut self, topic: &str) -> Self {
        self.topics.push(topic.to_owned());
        self
    }

    /// The BCP 47 tag of the language it is written in.
    #[must_use]
    pub fn language(self, language: &str) -> Self {
        Self { language: Some(language.to_owned()), ..self }
    }

    /// A sensitive word found.
    #[must_use]
    pub fn flag(mut self, word: &str) -> Self {
        self.flagged.push(word.to_owned());
        self
    }
}

/// One call: the configuration once, then text by text.
#[doc(hidden)]
pub fn call<A: Analyzer>(config: &str, texts: &[Text]) -> Vec<Result<Reading, Failure>> {
    match config::read::<A::Config>(config) {
        Ok(config) => texts.iter().map(|text| A::read(&config, text)).collect(),
        Err(failure) => texts.iter().map(|_| Err(failure.clone())).collect(),
    }
}

/// Exports a type that implements [`Analyzer`].
#[macro_export]
macro_rules! analyzer {
    ($plugin:ty) => {
        const _: () = {
            struct Exported;

            impl $crate::__private::analyzer::Guest for Exported {
                fn read_all(
                    config: ::std::string::String,
                    texts: ::std::vec::Vec<$crate::analyzer::Text>,
                ) -> ::std::vec::Vec<::std::result::Result<$crate::analyzer::Reading, $crate::Failure>> {
                    $crate::analyzer::call::<$plugin>(&config, &texts)
                }
            }

    $crate::__private::analyzer::export_analyzer!(Exported with_types_in $crate::__private::analyzer);
        };
    };
}
