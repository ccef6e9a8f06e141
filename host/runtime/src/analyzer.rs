//! Calls of analyzers: texts in, readings out.

use guanxi_domain::analysis::{Reading, Text};
use guanxi_domain::campaign::Failure;
use guanxi_domain::limits::CallLimits;
use guanxi_domain::manifest::Kind;

use crate::bindings::exports::guanxi::plugin::analyzer as wire;
use crate::plugin::{Fault, Terms};
use crate::raise::{bad, entries, optional_text, tag, texts};
use crate::{Call, CallError, Plugin};

impl Plugin {
    /// Reads every text. The answers are as many as the texts and in their order; a bad answer to one text is that
    /// text's failure.
    pub fn read_texts(&self, config: &str, texts: &[Text], limits: &CallLimits) -> Call<Vec<Result<Reading, Failure>>> {
        let Some(analyzer) = &self.0.exports.analyzer else {
            return Call::refused(CallError::WrongKind(Kind::Analyzer));
        };
        self.0.run(Terms::new("read-all", texts.len(), limits), |store, instance| {
            let guest = analyzer.load(&mut *store, instance)?;
            let lowered: Vec<wire::Text<'_>> = texts.iter().map(lower).collect();
            let answers = guest.call_read_all(&mut *store, config, &lowered)?;
            if answers.len() != texts.len() {
                return Err(Fault::Answer(format!("{} readings for {} texts", answers.len(), texts.len())));
            }
            Ok(answers.into_iter().map(|answer| reading(answer?)).collect())
        })
    }
}

fn lower(text: &Text) -> wire::Text<'_> {
    wire::Text { id: &text.id, language: text.language.as_deref(), body: &text.body }
}

fn reading(answer: wire::Reading) -> Result<Reading, Failure> {
    if answer.mood.is_some_and(|mood| !(-1.0..=1.0).contains(&mood)) {
        return Err(bad("the mood is not from -1 to 1"));
    }
    Ok(Reading {
        tags: entries("tags", answer.tags)?.into_iter().map(tag).collect::<Result<_, _>>()?,
        mood: answer.mood,
        topics: texts("a topic", answer.topics)?,
        language: optional_text("a language", answer.language)?,
        flagged: texts("a flagged word", answer.flagged)?,
    })
}
