//! Who asks: tokens in the Authorization header.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use guanxi_app::{App, AppError};
use guanxi_domain::caller::Caller;

use crate::problem::Problem;

/// A caller who showed a valid bearer token.
#[derive(Debug, Clone)]
pub(crate) struct Authenticated(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Authenticated
where
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or(AppError::Unauthorized)?;
        Ok(Self(App::from_ref(state).authenticate(token).await?))
    }
}

/// The token of `Authorization: Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    credentials(headers, "bearer")
}

/// The write key of `Authorization`: a bearer token, or the user name of basic authentication as Segment's libraries
/// send it.
pub(crate) fn write_key(headers: &HeaderMap) -> Option<String> {
    if let Some(token) = bearer(headers) {
        return Some(token.to_owned());
    }
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let pair = GeneralPurpose::new(&STANDARD, config).decode(credentials(headers, "basic")?).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    Some(pair.split_once(':').map_or(pair.as_str(), |(user, _)| user).to_owned())
}

fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (given, rest) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let rest = rest.trim();
    (given.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_keys_come_as_bearer_or_basic() {
        for (header, expected) in [
            ("Bearer gxt_abc", Some("gxt_abc")),
            ("bearer  gxt_abc ", Some("gxt_abc")),
            ("Basic Z3h0X2FiYzo=", Some("gxt_abc")),
            ("basic Z3h0X2FiYzo", Some("gxt_abc")),
            ("Basic Z3h0X2FiYzpwOnc=", Some("gxt_abc")),
            ("Basic !!", None),
            ("Bearer ", None),
            ("gxt_abc", None),
            ("Digest x", None),
        ] {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, header.parse().unwrap())]);
            assert_eq!(write_key(&headers).as_deref(), expected, "{header}");
        }
        assert_eq!(write_key(&HeaderMap::new()), None);
    }
}
