//! Settings as an operator may get them wrong: a secret that is not set, a configuration that lacks something.

use guanxi_domain::connector::{Outcome, Request};
use serde_json::Value;

use super::recording::Recording;
use super::rule::{self, At, Problem};
use super::stage::{End, Played, Scene, Stage, why};

/// Begins to deliver one recorded message under bad settings.
pub fn check(stage: &mut Stage<'_>, recording: &Recording) -> anyhow::Result<()> {
    let scene = Scene::of(recording);
    let good = stage.play(&scene, |_| None)?;
    for name in recording.secrets.keys() {
        let mut bare = scene.clone();
        bare.secrets.remove(name);
        let played = stage.play(&bare, |_| None)?;
        let at = At { exchange: recording.name.clone(), probe: format!("without the secret `{name}`") };
        let problem = without_secret(&good, &played, name);
        stage.ledger.judge(&rule::MISSING_SECRET, &at, played.last(), problem);
    }
    for (what, config, must_fail) in configs(stage.schema(), &recording.config) {
        let played = stage.play(&Scene { config, ..scene.clone() }, |_| None)?;
        let at = At { exchange: recording.name.clone(), probe: what };
        stage.ledger.judge(&rule::BAD_CONFIG, &at, played.last(), misconfigured(&good, &played, must_fail));
    }
    Ok(())
}

fn without_secret(good: &Played, bare: &Played, name: &str) -> Option<Problem> {
    let expected = "a failure with words, or a request that names the secret";
    match (&bare.end, bare.asked.first()) {
        (End::Failed(failure), _) if !why(failure).trim().is_empty() => None,
        (End::Open | End::Unsendable(_), Some((request, _))) => {
            // A secret may be needed in a later request only.
            let same = good.asked.first().is_some_and(|(usual, _)| usual == request);
            let found = format!("{} {} without it", request.method, request.url);
            (!same && !names(request, name)).then(|| Problem::new(expected, found))
        }
        (end @ End::Done(_), _) if *end == good.end => None,
        _ => Some(Problem::new(expected, bare.end.words())),
    }
}

fn names(request: &Request, secret: &str) -> bool {
    let handle = format!("{{{{secret:{secret}}}}}");
    request.url.contains(&handle) || request.headers.iter().any(|(_, value)| value.contains(&handle))
}

fn misconfigured(good: &Played, bad: &Played, must_fail: bool) -> Option<Problem> {
    let expected = if must_fail { "a failure with words" } else { "a failure with words, or a request" };
    let right = match &bad.end {
        End::Failed(failure) => !why(failure).trim().is_empty(),
        End::Done(Outcome::Rejected(_) | Outcome::RecipientGone(_) | Outcome::WindowClosed) => bad.end == good.end,
        End::Crashed(_) | End::TooMany => false,
        End::Done(_) | End::Open | End::Unsendable(_) => !must_fail,
    };
    (!right).then(|| Problem::new(expected, bad.end.words()))
}

/// Configurations that are wrong in one way, and whether the plugin cannot work with them.
fn configs(schema: Option<&Value>, recorded: &Value) -> Vec<(String, Value, bool)> {
    let Some(fields) = recorded.as_object() else { return Vec::new() };
    let required = schema.and_then(|schema| schema.get("required")).and_then(Value::as_array);
    let property = |name: &str| schema?.get("properties")?.get(name);
    let has_default = |name: &str| property(name).is_some_and(|property| property.get("default").is_some());
    let mut configs = Vec::new();
    for (name, value) in fields {
        let mut without = fields.clone();
        without.remove(name);
        let needed = required.is_some_and(|names| names.iter().any(|other| other == name)) && !has_default(name);
        configs.push((format!("a configuration without `{name}`"), Value::Object(without), needed));
        let mut other = fields.clone();
        let swapped = if value.is_string() { Value::from(7) } else { Value::from("text") };
        other.insert(name.clone(), swapped);
        configs.push((format!("a configuration with `{name}` of another type"), Value::Object(other), false));
    }
    if schema.is_some() {
        let mut more = fields.clone();
        more.insert("guanxi-unknown".to_owned(), Value::from(1));
        configs.push(("a configuration with one setting more".to_owned(), Value::Object(more), false));
    }
    configs
}

#[cfg(test)]
mod tests {
    use guanxi_domain::campaign::Failure;
    use serde_json::json;

    use super::*;

    fn ended(end: End, request: Option<Request>) -> Played {
        let asked = request.into_iter().map(|request| (request, Vec::new())).collect();
        Played { asked, ..Played::ended(end) }
    }

    fn request(key: &str) -> Option<Request> {
        let headers = vec![("x-key".to_owned(), key.to_owned())];
        Some(Request { method: "GET".to_owned(), url: "https://a.example".to_owned(), headers, body: Vec::new() })
    }

    #[test]
    fn what_leaves_without_its_secret_is_a_problem() {
        let good = ended(End::Open, request("signed"));
        let is_good = |bare: Played| without_secret(&good, &bare, "token").is_none();
        assert!(is_good(ended(End::Failed(Failure::Other("no token".to_owned())), None)));
        assert!(is_good(ended(End::Open, request("Bearer {{secret:token}}"))));
        assert!(is_good(ended(End::Open, request("signed"))));
        assert!(!is_good(ended(End::Open, request("unsigned"))));
        assert!(!is_good(ended(End::Failed(Failure::Other(String::new())), None)));
        assert!(!is_good(ended(End::Done(Outcome::Rejected("no token".to_owned())), None)));
    }

    #[test]
    fn each_setting_is_left_out_and_changed() {
        let schema = json!({"required": ["url", "room"], "properties": {"room": {"default": "lobby"}}});
        let made = configs(Some(&schema), &json!({"url": "https://a.example", "room": "x"}));
        let needed: Vec<&str> =
            made.iter().filter(|(_, _, needed)| *needed).map(|(what, _, _)| what.as_str()).collect();
        assert_eq!((made.len(), needed), (5, vec!["a configuration without `url`"]));
        assert!(configs(None, &json!({})).is_empty());
    }
}
