//! Notes on orders, which the shop's staff read. A note is added to what stands there, and not twice.

use guanxi_channel_kit::callback::text;
use guanxi_channel_kit::memory;
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Outbound, Outcome, Response, Step};
use guanxi_plugin::words::Instant;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Settings, ark};

/// Characters that are added at once; the platform does not publish how many it takes.
const CHARACTERS_MAX: usize = 500;
/// In whose name a note stands, and the colour of its flag.
const OPERATOR: &str = "Guanxi";
const GREY: u8 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    text: String,
    /// The order on which it stands.
    order: Option<String>,
}

/// What is to be added once it is known what stands there.
#[derive(Serialize, Deserialize)]
struct Left {
    order: String,
    text: String,
}

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    let left = match read(&message.content) {
        Ok(left) => left,
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    let request = ark::request(settings, "order.getOrderDetail", json!({ "orderId": left.order }), message.now)?;
    Ok(Step::perform_then(request, memory::write(&left)?))
}

fn read(content: &str) -> Result<Left, String> {
    let Content { text, order } =
        serde_json::from_str(content).map_err(|problem| format!("Xiaohongshu cannot carry this content: {problem}"))?;
    let order = order.ok_or("there is no public way to write to people on Xiaohongshu: name the `order` for a note")?;
    if !(1..=64).contains(&order.len()) || !order.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("`order` is no order of Xiaohongshu".to_owned());
    }
    match text.chars().count() {
        characters if characters > CHARACTERS_MAX => {
            Err(format!("the note has {characters} characters, of at most {CHARACTERS_MAX}"))
        }
        _ => Ok(Left { order, text }),
    }
}

pub fn resume(settings: &Settings, left: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
    let data = match ark::read(response)? {
        Ok(data) => data,
        Err(outcome) => return Ok(Step::Done(outcome)),
    };
    if left.is_empty() {
        return Ok(Step::sent(None));
    }
    let Left { order, text: added } = memory::read(left)?;
    if text(&data, "/orderId") != order {
        return Err(Failure::BadInput("Xiaohongshu answered with another order".to_owned()));
    }
    let there = text(&data, "/sellerRemark");
    if there.contains(&added) {
        return Ok(Step::sent(None));
    }
    let note = [there, &added].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
    let about = json!({
        "orderId": order, "sellerMarkNote": note, "operator": OPERATOR, "sellerMarkPriority": GREY,
    });
    Ok(Step::perform(ark::request(settings, "order.modifySellerMarkInfo", about, now)?))
}
