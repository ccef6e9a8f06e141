//! Which language a visitor reads: the one chosen before, else the first of the browser's that the console speaks.

use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_domain::manifest::Bilingual;
use http::{HeaderMap, header};
use serde::Deserialize;

use crate::Console;
use crate::session::{cookie, is_secure, local_path, set_cookie};
use crate::words::{EN, Words, ZH};

const COOKIE: &str = "guanxi_language";
const YEAR_S: i64 = 365 * 86_400;

/// A language of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// Chinese, simplified.
    Zh,
}

impl Language {
    /// The language of whoever sent these headers.
    pub fn of(headers: &HeaderMap) -> Self {
        if let Some(chosen) = cookie(headers, COOKIE).and_then(Self::parse) {
            return chosen;
        }
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        preferred(accepted).unwrap_or(Self::En)
    }

    /// Its words.
    pub fn words(self) -> &'static Words {
        match self {
            Self::En => &EN,
            Self::Zh => &ZH,
        }
    }

    /// For `lang` attributes.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// Whether this is Chinese.
    pub fn is_zh(self) -> bool {
        self == Self::Zh
    }

    /// The text of a manifest in this language; the other one where it is empty.
    pub fn pick(self, text: &Bilingual) -> &str {
        let (first, second) = match self {
            Self::En => (&text.en, &text.zh),
            Self::Zh => (&text.zh, &text.en),
        };
        if first.is_empty() { second } else { first }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "en" => Some(Self::En),
            "zh" => Some(Self::Zh),
            _ => None,
        }
    }
}

/// The choice of a language.
#[derive(Deserialize)]
pub struct Choice {
    language: String,
    back: String,
}

/// `POST /console/language`: remembers the language and goes back.
pub async fn choose(State(console): State<Console>, headers: HeaderMap, Form(choice): Form<Choice>) -> Response {
    let back = Redirect::to(local_path(&choice.back));
    if Language::parse(&choice.language).is_none() {
        return back.into_response();
    }
    let secure = is_secure(&console.options, &headers);
    let cookie = set_cookie(COOKIE, &choice.language, YEAR_S, secure);
    ([(header::SET_COOKIE, cookie)], back).into_response()
}

/// The first language of an `Accept-Language` header that the console speaks, heaviest first.
fn preferred(accepted: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for part in accepted.split(',').take(32) {
        let mut pieces = part.split(';');
        let primary = pieces.next().unwrap_or_default().trim().split('-').next().unwrap_or_default().to_lowercase();
        let weight = pieces.find_map(|piece| piece.trim().strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>);
        let (Some(language), Ok(weight)) = (Language::parse(&primary), weight) else { continue };
        if weight > 0.0 && best.is_none_or(|(heaviest, _)| weight > heaviest) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_known_language_wins() {
        for (accepted, expected) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Some(Language::Zh)),
            ("de-DE,de;q=0.9,en;q=0.8,zh;q=0.7", Some(Language::En)),
            ("en;q=0.2, zh-TW;q=0.4", Some(Language::Zh)),
            ("en;q=0, fr", None),
            ("zh;q=x,,;", None),
        ] {
            assert_eq!(preferred(accepted), expected, "{accepted}");
        }
    }
}
