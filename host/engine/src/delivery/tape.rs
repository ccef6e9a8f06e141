//! Records what tries exchange with channels, as people may look at it afterwards: the request as the connector described it,
//! before secrets are put in, and the answer without any secret that it quotes.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guanxi_app::Ambient;
use guanxi_channels::{Egress, EgressError, EgressPolicy, Scrubber, SecretText};
use guanxi_domain::connector::{Request, Response};
use guanxi_domain::exchange::{
    BODY_BYTES_MAX, Excerpt, Exchange, HEADERS_MAX, Keep, SeenRequest, SeenResponse, URL_CHARS_MAX, VALUE_CHARS_MAX,
};
use serde_json::Value;

/// What stands where a channel gives something as good as a secret.
const HIDDEN: &str = "[hidden]";
/// Headers of answers whose values let somebody in.
const LETTING_IN: [&str; 2] = ["set-cookie", "authorization"];

/// Records the exchanges of one connector.
pub(crate) struct Recorder {
    keep: Keep,
    ambient: Ambient,
    /// For the last session that was used: it changes rarely.
    scrubber: Mutex<Option<(Option<SecretText>, Arc<Scrubber>)>>,
}

/// What one try exchanges.
pub(crate) struct Tape {
    ambient: Ambient,
    scrubber: Arc<Scrubber>,
    /// Nothing if nothing is recorded.
    exchanges: Option<Vec<Exchange>>,
}

impl Recorder {
    pub(crate) fn new(keep: Keep, ambient: Ambient) -> Self {
        Self { keep, ambient, scrubber: Mutex::default() }
    }

    /// Whether exchanges of a try that ended like this are kept.
    pub(crate) fn keeps(&self, is_sent: bool) -> bool {
        match self.keep {
            Keep::All => true,
            Keep::Failures => !is_sent,
            Keep::Nothing => false,
        }
    }

    /// An empty tape for a try under this policy.
    pub(crate) fn tape(&self, policy: &EgressPolicy) -> Tape {
        Tape {
            ambient: self.ambient.clone(),
            scrubber: self.scrubber(policy),
            exchanges: (self.keep != Keep::Nothing).then(Vec::new),
        }
    }

    fn scrubber(&self, policy: &EgressPolicy) -> Arc<Scrubber> {
        let mut known = self.scrubber.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((session, scrubber)) = known.as_ref()
            && *session == policy.session
        {
            return Arc::clone(scrubber);
        }
        let scrubber = Arc::new(Scrubber::of(policy));
        *known = Some((policy.session.clone(), Arc::clone(&scrubber)));
        scrubber
    }
}

impl Tape {
    /// Performs a request and records what came of it.
    pub(crate) async fn perform(
        &mut self,
        egress: &Egress,
        request: &Request,
        policy: &EgressPolicy,
    ) -> Result<Response, EgressError> {
        let at = self.ambient.now();
        let answered = egress.perform(request, policy).await;
        let Some(exchanges) = &mut self.exchanges else { return answered };
        let scrubber = &self.scrubber;
        exchanges.push(Exchange {
            at,
            took_ms: self.ambient.now() - at,
            request: SeenRequest {
                method: cut(&request.method, VALUE_CHARS_MAX),
                url: cut(&scrubber.text(&request.url), URL_CHARS_MAX),
                headers: headers(&request.headers, scrubber, &[]),
                body: excerpt(&request.body, scrubber),
            },
            response: answered.as_ref().ok().map(|response| seen(response, scrubber)),
            error: answered.as_ref().err().map(|error| cut(&scrubber.text(&error.to_string()), VALUE_CHARS_MAX)),
        });
        answered
    }

    /// Words of a connector or a channel without what they quote of secrets.
    pub(crate) fn scrubbed(&self, text: &str) -> String {
        self.scrubber.text(text)
    }

    /// What was recorded.
    pub(crate) fn taken(self) -> Vec<Exchange> {
        self.exchanges.unwrap_or_default()
    }
}

fn seen(response: &Response, scrubber: &Scrubber) -> SeenResponse {
    let named = without_tokens(&response.body);
    SeenResponse {
        status: response.status,
        headers: headers(&response.headers, scrubber, &LETTING_IN),
        body: Excerpt {
            bytes: response.body.len().try_into().unwrap_or(u64::MAX),
            ..excerpt(named.as_deref().unwrap_or(&response.body), scrubber)
        },
    }
}

fn headers(all: &[(String, String)], scrubber: &Scrubber, hidden: &[&str]) -> Vec<(String, String)> {
    let shown = |(name, value): &(String, String)| {
        let value = match hidden.iter().any(|other| name.eq_ignore_ascii_case(other)) {
            true => HIDDEN.to_owned(),
            false => cut(&scrubber.text(value), VALUE_CHARS_MAX),
        };
        (cut(name, VALUE_CHARS_MAX), value)
    };
    all.iter().take(HEADERS_MAX).map(shown).collect()
}

/// The beginning of a body. Secrets go first: one that is cut in two would not be found.
fn excerpt(body: &[u8], scrubber: &Scrubber) -> Excerpt {
    let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let scrubbed = scrubber.bytes(body);
    let cut = scrubbed.len() > BODY_BYTES_MAX;
    match std::str::from_utf8(&scrubbed) {
        Ok(text) => {
            let content = text.get(..text.floor_char_boundary(BODY_BYTES_MAX)).unwrap_or_default().to_owned();
            Excerpt { content, base64: false, bytes, cut }
        }
        Err(_) => {
            let start = scrubbed.get(..BODY_BYTES_MAX).unwrap_or(&scrubbed);
            Excerpt { content: STANDARD.encode(start), base64: true, bytes, cut }
        }
    }
}

/// An answer that gives tokens of its own, without them; nothing if it gives none.
fn without_tokens(body: &[u8]) -> Option<Vec<u8>> {
    let holds = |word: &[u8]| body.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    if !body.starts_with(b"{") || !WORDS.iter().any(|word| holds(word.as_bytes())) {
        return None;
    }
    let mut document: Value = serde_json::from_slice(body).ok()?;
    hide(&mut document).then(|| serde_json::to_vec(&document).unwrap_or_default())
}

/// Members called like this hold what lets somebody in.
const WORDS: [&str; 4] = ["token", "secret", "password", "session_key"];

/// Whether there was something to hide.
fn hide(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => members.iter_mut().fold(false, |found, (name, value)| {
            let name = name.to_ascii_lowercase();
            let lets_in = WORDS.iter().any(|word| name.contains(word));
            if let (true, Value::String(text)) = (lets_in, &mut *value) {
                *text = HIDDEN.to_owned();
                return true;
            }
            hide(value) || found
        }),
        Value::Array(items) => items.iter_mut().map(hide).filter(|hidden| *hidden).count() > 0,
        _ => false,
    }
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Scrubber {
        Scrubber::of(&EgressPolicy::default())
    }

    #[test]
    fn ch_9_bodies_are_cut_at_whole_characters_and_bytes_are_told_apart() {
        let long = "茶".repeat(BODY_BYTES_MAX);
        let text = excerpt(long.as_bytes(), &nothing());
        assert_eq!((text.content.len(), text.cut, text.base64), (BODY_BYTES_MAX / 3 * 3, true, false));
        assert_eq!(text.bytes, 3 * BODY_BYTES_MAX as u64);
        let bytes = excerpt(&[0xff, 0, 1], &nothing());
        assert_eq!((bytes.content.as_str(), bytes.base64, bytes.cut), ("/wAB", true, false));
    }

    #[test]
    fn ch_9_what_a_channel_gives_that_lets_somebody_in_is_hidden() {
        let body = br#"{"errcode":0,"data":{"Access_Token":"t-1","expires_in":7200}}"#;
        let hidden = String::from_utf8(without_tokens(body).unwrap()).unwrap();
        assert!(!hidden.contains("t-1") && hidden.contains(HIDDEN) && hidden.contains("7200"), "{hidden}");
        assert_eq!(without_tokens(br#"{"message":"invalid token"}"#), None);
        assert_eq!(without_tokens(b"token"), None);
        let given = [("Set-Cookie".to_owned(), "a=b".to_owned()), ("x".to_owned(), "y".to_owned())];
        let shown = headers(&given, &nothing(), &LETTING_IN);
        assert_eq!(shown.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), [HIDDEN, "y"]);
    }
}
