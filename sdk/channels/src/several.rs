//! Several messages of which one content is made: one request after another, each once the one before was taken.

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Outcome, Request, Step};
use serde_json::Value;

use crate::memory;

/// A JSON body and where it goes to.
pub type Post = (String, Value);

/// A header that each of them has: name and value.
pub type Header<'h> = (&'h str, &'h str);

/// Performs the first request and remembers the others.
pub fn start(headers: &[Header<'_>], posts: Vec<Post>) -> Result<Step, Failure> {
    let mut posts = posts.into_iter();
    let Some((url, body)) = posts.next() else { return Err(Failure::Other("there is nothing to send".to_owned())) };
    let left: Vec<Post> = posts.collect();
    let left = if left.is_empty() { String::new() } else { memory::write(&left)? };
    let request = headers.iter().fold(Request::post(&url), |request, (name, value)| request.header(name, value));
    Ok(Step::perform_then(request.json(&body)?, left))
}

/// Goes on with what is left if the last request ended well.
pub fn go_on(headers: &[Header<'_>], left: &[u8], outcome: Outcome) -> Result<Step, Failure> {
    match outcome {
        Outcome::Sent(_) if !left.is_empty() => start(headers, memory::read(left)?),
        outcome => Ok(Step::Done(outcome)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn requests_follow_one_another() {
        let posts = ["a", "b", "c"].map(|name| (format!("https://x.example/{name}"), json!(name)));
        let mut step = start(&[("x-a", "1")], posts.to_vec()).unwrap();
        let mut asked = Vec::new();
        while let Step::Perform(exchange) = step {
            assert_eq!(exchange.request.headers[0].value, "1");
            asked.push(exchange.request.url.clone());
            step =
                go_on(&[("x-a", "1")], &exchange.continuation, Outcome::Sent(Some(asked.len().to_string()))).unwrap();
        }
        assert_eq!(asked.len(), 3);
        assert_eq!(step, Step::Done(Outcome::Sent(Some("3".to_owned()))));
        let Step::Perform(first) = start(&[("x-a", "1")], posts.to_vec()).unwrap() else { panic!("a request") };
        assert_eq!(go_on(&[], &first.continuation, Outcome::WindowClosed), Ok(Step::Done(Outcome::WindowClosed)));
    }
}
