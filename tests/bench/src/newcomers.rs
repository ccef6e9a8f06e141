//! People who introduce themselves one after the other at a steady pace, whatever the server does meanwhile.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use reqwest::Client;
use tokio::time::MissedTickBehavior;

use crate::load;
use crate::measure;
use crate::server::{self, Server};
use crate::setup::Tenant;

/// Sends `people` at `pace` a second; when each was sent.
pub async fn introduce(
    client: &Client,
    server: &Server,
    tenant: &Tenant,
    pace: usize,
    people: Range<usize>,
) -> Result<Vec<Instant>> {
    let url = format!("{}/v1/identify", server.address);
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(pace)?);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = Vec::with_capacity(people.len());
    for person in people {
        let body = load::newcomer(person, "newcomer");
        ticks.tick().await;
        let (client, url, key) = (client.clone(), url.clone(), tenant.write_key.clone());
        requests.push(tokio::spawn(async move {
            let start = measure::now();
            ensure!(server::send(&client, &url, &key, body).await? == 1, "an event was not accepted");
            Ok(start)
        }));
    }
    let mut sent = Vec::with_capacity(requests.len());
    for request in requests {
        sent.push(request.await??);
    }
    Ok(sent)
}
