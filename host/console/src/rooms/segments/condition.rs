//! Common conditions, each made of what, how much and how many days.

use guanxi_app::AppError;
use guanxi_domain::segment::Filter;
use serde_json::{Value, json};

use super::Editor;
use crate::words::Words;

/// A common condition.
pub(super) struct Preset {
    pub(super) code: &'static str,
    pub(super) title: fn(&Words) -> &'static str,
    make: fn(&Parts<'_>) -> Result<Value, AppError>,
}

/// The fields of the form.
struct Parts<'f> {
    what: &'f str,
    value: &'f str,
    days: &'f str,
}

/// All of them, the most usual first.
pub(super) const PRESETS: &[Preset] = &[
    Preset { code: "stage", title: |w| w.when_stage, make: |p| Ok(json!({ "stage": p.value })) },
    Preset {
        code: "revenue",
        title: |w| w.when_revenue,
        make: |p| Ok(json!({ "fact": "revenue", "gte": p.minor()? })),
    },
    Preset {
        code: "orders",
        title: |w| w.when_orders,
        make: |p| Ok(json!({ "fact": "order-count", "gte": p.number()? })),
    },
    Preset {
        code: "bought",
        title: |w| w.when_bought,
        make: |p| Ok(json!({ "orders": "count", "gte": p.number()?, "within": p.span()? })),
    },
    Preset {
        code: "spent",
        title: |w| w.when_spent,
        make: |p| Ok(json!({ "orders": "sum", "gte": p.minor()?, "within": p.span()? })),
    },
    Preset { code: "seen", title: |w| w.when_seen, make: |p| Ok(json!({ "fact": "last-seen", "within": p.span()? })) },
    Preset {
        code: "unseen",
        title: |w| w.when_unseen,
        make: |p| Ok(json!({ "fact": "last-seen", "before": p.span()? })),
    },
    Preset {
        code: "did",
        title: |w| w.when_did,
        make: |p| Ok(json!({ "events": p.what()?, "count": { "gte": p.number()? }, "within": p.span()? })),
    },
    Preset {
        code: "never-did",
        title: |w| w.when_never_did,
        make: |p| Ok(json!({ "events": p.what()?, "count": { "eq": 0 }, "within": p.span()? })),
    },
    Preset { code: "attribute", title: |w| w.when_attribute, make: |parts| parts.attribute() },
    Preset {
        code: "contains",
        title: |w| w.when_contains,
        make: |p| Ok(json!({ "attribute": p.what()?, "contains": p.value })),
    },
    Preset {
        code: "at-least",
        title: |w| w.when_at_least,
        make: |p| Ok(json!({ "attribute": p.what()?, "gte": p.number()? })),
    },
    Preset {
        code: "birthday",
        title: |w| w.when_birthday,
        make: |p| Ok(json!({ "attribute": p.what_or("birthday"), "anniversary": p.span()? })),
    },
    Preset { code: "tag", title: |w| w.when_tag, make: |parts| parts.tag() },
    Preset { code: "score", title: |w| w.when_score, make: |p| Ok(json!({ "score": p.what()?, "gte": p.number()? })) },
    Preset { code: "consent", title: |w| w.when_consent, make: |p| Ok(json!({ "consent": p.what_or("marketing") })) },
    Preset {
        code: "reachable",
        title: |w| w.when_reachable,
        make: |p| Ok(json!({ "identity": p.what_or("*"), "deliverable": true })),
    },
    Preset { code: "segment", title: |w| w.when_segment, make: |p| Ok(json!({ "segment": p.what()? })) },
    Preset {
        code: "not-segment",
        title: |w| w.when_not_segment,
        make: |p| Ok(json!({ "not": { "segment": p.what()? } })),
    },
];

/// The condition that the form describes.
pub(super) fn made(form: &Editor) -> Result<Value, AppError> {
    let preset = PRESETS.iter().find(|preset| preset.code == form.preset);
    let preset = preset.ok_or_else(|| AppError::invalid("preset", "is none of those there are"))?;
    let parts = Parts { what: form.what.trim(), value: form.value.trim(), days: form.days.trim() };
    let condition = (preset.make)(&parts)?;
    Filter::read(&condition).map_err(|bad| AppError::invalid(bad.at, bad.problem))?;
    Ok(condition)
}

impl Parts<'_> {
    fn what(&self) -> Result<&str, AppError> {
        if self.what.is_empty() { Err(AppError::invalid("what", "is missing")) } else { Ok(self.what) }
    }

    fn what_or<'s>(&'s self, usual: &'s str) -> &'s str {
        if self.what.is_empty() { usual } else { self.what }
    }

    fn number(&self) -> Result<f64, AppError> {
        let number = self.value.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| AppError::invalid("value", "is a number"))
    }

    /// Money is typed in major units.
    fn minor(&self) -> Result<f64, AppError> {
        Ok((self.number()? * 100.0).round())
    }

    fn span(&self) -> Result<String, AppError> {
        let days = self.days.parse::<u32>().ok().filter(|days| *days > 0);
        Ok(format!("{}d", days.ok_or_else(|| AppError::invalid("days", "is a whole number"))?))
    }

    /// A number or yes and no may be kept as such or as text.
    fn attribute(&self) -> Result<Value, AppError> {
        let mut values = vec![Value::from(self.value)];
        if let Ok(number) = self.value.parse::<f64>()
            && number.is_finite()
        {
            values.push(json!(number));
        }
        match self.value {
            "true" => values.push(json!(true)),
            "false" => values.push(json!(false)),
            _ => {}
        }
        Ok(json!({ "attribute": self.what()?, "in": values }))
    }

    fn tag(&self) -> Result<Value, AppError> {
        let dimension = self.what()?;
        Ok(if self.value.is_empty() {
            json!({ "tag": dimension })
        } else {
            json!({ "tag": dimension, "name": self.value })
        })
    }
}
