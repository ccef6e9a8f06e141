//! When and how often people are written to: quiet hours and caps.

use guanxi_app::AppError;
use guanxi_domain::caps::Cap;
use guanxi_domain::message::MessageClass;
use guanxi_domain::quiet_hours::{Minute, QuietHours, marketing};
use guanxi_domain::settings::TenantSettings;

use super::words::Words as Own;
use super::{Change, Row, number, or_dash};
use crate::words::{Words, fill};

/// A class of messages that can be ticked.
pub(super) struct Tick {
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    pub(super) ticked: bool,
}

/// The quiet hours as a form shows them.
pub(super) struct Quiet {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) ticks: Vec<Tick>,
}

const CLASSES: [MessageClass; 3] = [MessageClass::Marketing, MessageClass::Transactional, MessageClass::Reply];

/// Every class, with whether it is among these.
pub(super) fn ticks(ticked: &[MessageClass], w: &'static Words) -> Vec<Tick> {
    let tick = |class: MessageClass| Tick {
        code: class.as_str(),
        title: w.message_class(class),
        ticked: ticked.contains(&class),
    };
    CLASSES.into_iter().map(tick).collect()
}

/// The quiet hours, empty if there are none.
pub(super) fn quiet(settings: &TenantSettings, w: &'static Words) -> Quiet {
    match &settings.quiet_hours {
        Some(hours) => {
            Quiet { from: hours.from.to_string(), to: hours.to.to_string(), ticks: ticks(&hours.classes, w) }
        }
        None => Quiet { from: String::new(), to: String::new(), ticks: ticks(&marketing(), w) },
    }
}

/// The caps as rows of a table.
pub(super) fn caps(settings: &TenantSettings, w: &'static Words, own: &'static Own) -> Vec<Row> {
    let row = |(name, cap): (&String, &Cap)| {
        let classes: Vec<&str> = cap.classes.iter().map(|class| w.message_class(*class)).collect();
        let period = match (cap.days, cap.hours) {
            (Some(days), _) => fill(own.in_days, &days.to_string()),
            (None, hours) => fill(own.in_hours, &hours.unwrap_or(0).to_string()),
        };
        let cells = vec![
            cap.limit.to_string(),
            period,
            classes.join(", "),
            or_dash(cap.purpose.as_deref()),
            or_dash(cap.channel.as_deref()),
        ];
        Row { name: name.clone(), title: cap.title.clone(), cells }
    };
    settings.caps.iter().map(row).collect()
}

/// The quiet hours that a form asks for; none if both ends are empty.
pub(super) fn read_quiet(change: &Change) -> Result<Option<QuietHours>, AppError> {
    let (from, to) = (change.from.trim(), change.to.trim());
    if from.is_empty() && to.is_empty() {
        return Ok(None);
    }
    let minute = |at: &str, text: &str| {
        Minute::try_from(text.to_owned()).map_err(|problem| AppError::invalid(format!("quiet_hours.{at}"), problem))
    };
    Ok(Some(QuietHours { from: minute("from", from)?, to: minute("to", to)?, classes: classes(change) }))
}

/// The cap that a form asks for.
pub(super) fn read_cap(change: &Change, title: String) -> Result<Cap, AppError> {
    let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    Ok(Cap {
        title,
        limit: number("limit", &change.limit)?.unwrap_or(0),
        days: number("days", &change.days)?,
        hours: number("hours", &change.hours)?,
        classes: classes(change),
        purpose: text(&change.purpose),
        channel: text(&change.channel),
    })
}

fn classes(change: &Change) -> Vec<MessageClass> {
    let ticked = |class: &MessageClass| {
        let field = match class {
            MessageClass::Marketing => &change.marketing,
            MessageClass::Transactional => &change.transactional,
            MessageClass::Reply => &change.reply,
        };
        !field.is_empty()
    };
    CLASSES.into_iter().filter(ticked).collect()
}
