//! A request with the scheme `smpp` or `smpps`, read: to which centre, as whom, and the short messages themselves.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_domain::connector::Request;
use http::HeaderMap;
use rusmpp::pdus::{BindTransceiver, SubmitSm};
use rusmpp::types::{COctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, InterfaceVersion, Npi, RegisteredDelivery, Ton};
use serde::Deserialize;

use crate::egress::EgressError;
use crate::egress::arrival::Holder;
use crate::egress::hop::{Gate, bad, described_headers, only, plain_url};
use crate::egress::target::Target;

/// All that a request may say in its headers.
const HEADERS: [&str; 4] = ["content-type", "system-id", "password", "system-type"];
/// Short messages of one request: parts of one text.
const PARTS_MAX: usize = 16;

/// Short messages for one session.
pub(super) struct Submission {
    pub door: Door,
    pub parts: Vec<SubmitSm>,
}

/// Whose session with whom: what is the same shares one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Door {
    pub target: Target,
    pub is_secure: bool,
    /// Who gets what arrives.
    pub holder: Option<Holder>,
    pub bind: BindTransceiver,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    source: Place,
    destination: Place,
    #[serde(default)]
    esm_class: u8,
    #[serde(default)]
    data_coding: u8,
    #[serde(default)]
    registered_delivery: u8,
    /// Base 64.
    short_message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    #[serde(default)]
    ton: u8,
    #[serde(default)]
    npi: u8,
    addr: String,
}

impl Submission {
    /// Checks what a connector described and puts its secrets in.
    pub(super) fn read(request: &Request, gate: &Gate<'_>, body_max: usize) -> Result<Self, EgressError> {
        if request.method != "SUBMIT" {
            return Err(bad("its method is not SUBMIT, the only one of SMPP"));
        }
        if request.body.len() > body_max {
            return Err(bad(format!("its body exceeds {body_max} bytes")));
        }
        let url = plain_url(&request.url)?;
        let is_secure = url.scheme() == "smpps";
        if !is_secure && !gate.allow_http {
            return Err(EgressError::Scheme { scheme: "smpp".to_owned() });
        }
        let target = gate.admit_target(&url)?;
        let headers = described_headers(&request.headers, gate.policy)?;
        if let Some(unknown) = headers.keys().find(|name| !HEADERS.contains(&name.as_str())) {
            return Err(bad(format!("a request for SMPP has no header `{unknown}`")));
        }
        let bind = BindTransceiver::builder()
            .system_id(text("system-id", header(&headers, "system-id")?)?)
            .password(text("password", header(&headers, "password")?)?)
            .system_type(text("system-type", header(&headers, "system-type")?)?)
            .interface_version(InterfaceVersion::Smpp3_4)
            .build();
        let body: Body =
            serde_json::from_slice(&request.body).map_err(|problem| bad(format!("its body: {problem}")))?;
        if !(1..=PARTS_MAX).contains(&body.parts.len()) {
            return Err(bad(format!("its body has not 1 to {PARTS_MAX} parts")));
        }
        let parts = body.parts.into_iter().map(Part::read).collect::<Result<_, _>>()?;
        Ok(Self { door: Door { target, is_secure, holder: gate.policy.holder.clone(), bind }, parts })
    }
}

impl Part {
    fn read(self) -> Result<SubmitSm, EgressError> {
        let message = STANDARD.decode(&self.short_message).ok().and_then(|bytes| OctetString::from_vec(bytes).ok());
        let message = message.ok_or_else(|| bad("a `short_message` is not base 64 of at most 255 bytes"))?;
        Ok(SubmitSm::builder()
            .source_addr_ton(Ton::from(self.source.ton))
            .source_addr_npi(Npi::from(self.source.npi))
            .source_addr(text("source", &self.source.addr)?)
            .dest_addr_ton(Ton::from(self.destination.ton))
            .dest_addr_npi(Npi::from(self.destination.npi))
            .destination_addr(text("destination", &self.destination.addr)?)
            .esm_class(EsmClass::from(self.esm_class))
            .data_coding(DataCoding::from(self.data_coding))
            .registered_delivery(RegisteredDelivery::from(self.registered_delivery))
            .short_message(message)
            .build())
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, EgressError> {
    Ok(only(headers, name)?.unwrap_or_default())
}

fn text<const MAX: usize>(what: &str, text: &str) -> Result<COctetString<1, MAX>, EgressError> {
    COctetString::from_string(text.to_owned())
        .map_err(|_| bad(format!("`{what}` is not ASCII of at most {} characters", MAX - 1)))
}
