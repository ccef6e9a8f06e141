//! The management API and the console of the real server, as an operator uses them.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use reqwest::{Client, Method, RequestBuilder, Response, redirect};
use serde_json::Value;

use crate::measure;
use crate::server::{OPERATOR_TOKEN, Server};
use crate::setup::Tenant;

/// An operator in one tenant.
pub struct Api {
    client: Client,
    /// Of the server.
    address: String,
    slug: String,
    /// Of the console's session.
    cookie: String,
}

impl Api {
    /// Signs in.
    pub async fn open(server: &Server, tenant: &Tenant) -> Result<Self> {
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).timeout(Duration::from_secs(60));
        let client = client.build()?;
        let form = client.post(format!("{}/console/sign-in", server.address));
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        let answer = form.body(format!("token={OPERATOR_TOKEN}&to=/console")).send().await?;
        ensure!(answer.status().is_redirection(), "the console answered {}", answer.status());
        let cookie = answer.headers().get("set-cookie").context("the console gives a cookie")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Self { client, address: server.address.clone(), slug: tenant.slug.clone(), cookie })
    }

    /// What a path of the tenant's API says.
    pub async fn get(&self, path: &str) -> Result<Value> {
        read(self.request(Method::GET, path)).await
    }

    /// Puts a document there.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.request(Method::PUT, path).header("content-type", "application/json");
        read(request.body(body.to_string())).await
    }

    /// Posts a document there.
    pub async fn post_document(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        read(request.body(body.to_string())).await
    }

    /// Posts nothing there.
    pub async fn post(&self, path: &str) -> Result<Value> {
        read(self.request(Method::POST, path)).await
    }

    /// How long a page takes to its last byte: of the console if the path begins with `console`, else of the API.
    pub async fn time(&self, path: &str) -> Result<Duration> {
        let request = match path.strip_prefix("console") {
            Some(rest) => {
                let request = self.client.get(format!("{}/console/t/{}{rest}", self.address, self.slug));
                request.header("cookie", &self.cookie)
            }
            None => self.request(Method::GET, path),
        };
        timed(request).await
    }

    /// How long an answer takes for which the server looks nothing up.
    pub async fn time_nothing(&self) -> Result<Duration> {
        timed(self.client.get(format!("{}/healthz", self.address))).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/v1/tenants/{}{path}", self.address, self.slug);
        self.client.request(method, url).bearer_auth(OPERATOR_TOKEN)
    }
}

/// How long it takes until the last byte of a good answer is there.
async fn timed(request: RequestBuilder) -> Result<Duration> {
    let start = measure::now();
    whole(request).await?;
    Ok(measure::now().duration_since(start))
}

async fn read(request: RequestBuilder) -> Result<Value> {
    Ok(serde_json::from_slice(&whole(request).await?)?)
}

async fn whole(request: RequestBuilder) -> Result<Bytes> {
    let answer: Response = request.send().await?;
    let (status, url) = (answer.status(), answer.url().clone());
    let body = answer.bytes().await?;
    ensure!(status.is_success(), "{url} answered {status}: {}", String::from_utf8_lossy(&body));
    Ok(body)
}
