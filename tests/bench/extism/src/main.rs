//! Calls a campaign as an Extism plugin, fresh each time, and prints the p50 of a call in microseconds. Arguments: the
//! guest, its input.

use std::error::Error;
use std::time::Instant;

use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};

const WARM_UP: usize = 1_000;
const CALLS: usize = 20_000;

#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let guest = arguments.next().ok_or("the first argument is the guest")?;
    let input = arguments.next().ok_or("the second argument is its input")?;
    let compiled = CompiledPlugin::new(PluginBuilder::new(Manifest::new([Wasm::file(guest)])))?;
    let mut times = Vec::with_capacity(CALLS);
    for call in 0..WARM_UP + CALLS {
        let start = Instant::now();
        let mut plugin = Plugin::new_from_compiled(&compiled)?;
        let answer: String = plugin.call("decide", input.as_str())?;
        let time = start.elapsed();
        if !answer.contains("\"send\"") || !answer.contains("\"add-tag\"") {
            return Err(format!("the guest answered {answer}").into());
        }
        if call >= WARM_UP {
            times.push(time);
        }
    }
    times.sort_unstable();
    let middle = times.get(times.len() / 2).ok_or("nothing was measured")?;
    println!("{:.2}", middle.as_secs_f64() * 1e6);
    Ok(())
}
