//! What a brand sets for itself: region, time zone, purposes of processing, types of attributes, dimensions of tags, when and
//! how often people are written to.

mod contact;
pub(crate) mod get;
pub(crate) mod put;

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use guanxi_app::SettingsView;
use guanxi_domain::settings::{AttributeKind, AttributeType, Basis, Dimension, Purpose, TenantSettings, Tracking};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::{ApiResult, Problem};
use contact::{CapBody, QuietHoursBody};

/// What a brand sets for itself.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = Settings)]
#[serde(default, deny_unknown_fields)]
pub struct SettingsBody {
    /// ISO 3166 code of the country whose phone numbers may be written without a country code.
    #[schema(example = "CN")]
    pub region: Option<String>,
    /// IANA name of the time zone in which the brand tells days and hours; UTC if `null`.
    #[schema(example = "Asia/Shanghai")]
    pub time_zone: Option<String>,
    /// What data is used for, by name. Purposes that are not named here need no consent.
    pub purposes: BTreeMap<String, PurposeBody>,
    /// Attributes with a type, by name; others take what comes.
    pub attributes: BTreeMap<String, AttributeBody>,
    /// Dimensions of tags, by name.
    pub dimensions: BTreeMap<String, DimensionBody>,
    /// Days for which receipts of decisions are kept; always if `null`.
    #[schema(example = 400)]
    pub receipt_days: Option<u32>,
    /// Hours in which people are left alone, by the clock where they are; none if `null`.
    pub quiet_hours: Option<QuietHoursBody>,
    /// How often people are written to at most, by name.
    pub caps: BTreeMap<String, CapBody>,
    /// Days for which requests to channels and their answers are kept; 7 if `null`.
    #[schema(example = 7)]
    pub exchange_days: Option<u32>,
    /// The tag of the language in which people are written to of whom none is known.
    #[schema(example = "zh")]
    pub language: Option<String>,
    /// What is learnt of messages once they are there. Nobody is tracked whom a purpose called `tracking` or `analytics` does
    /// not allow.
    pub tracking: TrackingBody,
}

/// What is learnt of messages once they are there.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = Tracking)]
#[serde(default, deny_unknown_fields)]
pub struct TrackingBody {
    /// Which links are followed: they lead over this host, which takes `public_url` in its configuration.
    pub links: bool,
    /// Which messages are looked at, on channels that show HTML.
    pub opens: bool,
}

/// What data is used for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Purpose)]
#[serde(deny_unknown_fields)]
pub struct PurposeBody {
    /// What people read.
    pub title: String,
    /// `consent`: only with the person's consent; `legitimate-interest`: until the person objects; `contract`: to do
    /// what the person has asked for.
    #[schema(value_type = String, example = "consent")]
    pub basis: Basis,
    /// Days after which a consent has to be given again; never if `null`.
    #[serde(default)]
    pub days: Option<u32>,
    /// Fields of a person that plugins see only as long as this purpose is allowed.
    #[serde(default)]
    pub fields: Vec<String>,
}

/// What values of an attribute look like.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AttributeType)]
#[serde(deny_unknown_fields)]
pub struct AttributeBody {
    /// What people read.
    pub title: String,
    /// `text`, `number`, `integer`, `flag`, `date` or `texts`.
    #[schema(value_type = String, example = "date")]
    pub kind: AttributeKind,
    /// Days after which a value counts as old; never if `null`.
    #[serde(default)]
    pub days: Option<u32>,
}

/// A dimension of tags.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Dimension)]
#[serde(deny_unknown_fields)]
pub struct DimensionBody {
    /// What people read.
    pub title: String,
    /// Days in which a tag loses half of its weight; never if `null`.
    #[serde(default)]
    pub half_life_days: Option<f64>,
}

impl From<&TenantSettings> for SettingsBody {
    fn from(settings: &TenantSettings) -> Self {
        let purpose = |one: &Purpose| PurposeBody {
            title: one.title.clone(),
            basis: one.basis,
            days: one.days,
            fields: one.fields.clone(),
        };
        let attribute =
            |one: &AttributeType| AttributeBody { title: one.title.clone(), kind: one.kind, days: one.days };
        let dimension =
            |one: &Dimension| DimensionBody { title: one.title.clone(), half_life_days: one.half_life_days };
        Self {
            region: settings.region.clone(),
            time_zone: settings.time_zone.clone(),
            purposes: settings.purposes.iter().map(|(name, one)| (name.clone(), purpose(one))).collect(),
            attributes: settings.attributes.iter().map(|(name, one)| (name.clone(), attribute(one))).collect(),
            dimensions: settings.dimensions.iter().map(|(name, one)| (name.clone(), dimension(one))).collect(),
            receipt_days: settings.receipt_days,
            quiet_hours: settings.quiet_hours.as_ref().map(QuietHoursBody::from),
            caps: settings.caps.iter().map(|(name, one)| (name.clone(), one.into())).collect(),
            exchange_days: settings.exchange_days,
            language: settings.language.clone(),
            tracking: TrackingBody { links: settings.tracking.links, opens: settings.tracking.opens },
        }
    }
}

impl From<SettingsBody> for TenantSettings {
    fn from(body: SettingsBody) -> Self {
        let purpose =
            |one: PurposeBody| Purpose { title: one.title, basis: one.basis, days: one.days, fields: one.fields };
        let attribute = |one: AttributeBody| AttributeType { title: one.title, kind: one.kind, days: one.days };
        let dimension = |one: DimensionBody| Dimension { title: one.title, half_life_days: one.half_life_days };
        Self {
            region: body.region,
            time_zone: body.time_zone,
            purposes: body.purposes.into_iter().map(|(name, one)| (name, purpose(one))).collect(),
            attributes: body.attributes.into_iter().map(|(name, one)| (name, attribute(one))).collect(),
            dimensions: body.dimensions.into_iter().map(|(name, one)| (name, dimension(one))).collect(),
            receipt_days: body.receipt_days,
            quiet_hours: body.quiet_hours.map(Into::into),
            caps: body.caps.into_iter().map(|(name, one)| (name, one.into())).collect(),
            exchange_days: body.exchange_days,
            language: body.language,
            tracking: Tracking { links: body.tracking.links, opens: body.tracking.opens },
        }
    }
}

/// The settings with their revision as `ETag`.
fn answer(view: &SettingsView) -> ApiResult<Response> {
    let tag = HeaderValue::try_from(format!("\"{}\"", view.revision)).map_err(|error| Problem::internal(&error))?;
    let headers: [(HeaderName, HeaderValue); 1] = [(header::ETAG, tag)];
    Ok((headers, axum::Json(SettingsBody::from(view.settings.as_ref()))).into_response())
}
