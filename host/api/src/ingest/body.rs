//! Bodies of ingest: as they come or gzipped, and never more than the limit, counted while inflating.

use std::io::Read;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use futures::StreamExt;

use crate::problem::{ApiResult, Kind, Problem};

/// How much beyond the limit is still read, and dropped: a sender that is cut off while it writes sees a broken
/// connection instead of the answer, and sends the same again.
const DROPPED_MAX: usize = 4 * 1024 * 1024;

/// Reads a body of at most `bytes_max` bytes, unpacked as well as packed.
pub(super) async fn read(headers: &HeaderMap, body: Body, bytes_max: usize) -> ApiResult<Bytes> {
    let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?").trim());
    let gzip = match encoding {
        None | Some("" | "identity") => false,
        Some(name) if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => true,
        Some(_) => {
            return Err(Problem::new(
                Kind::UnsupportedMediaType,
                "send the body as it is or with Content-Encoding: gzip",
            ));
        }
    };
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|bytes| bytes > bytes_max + DROPPED_MAX) {
        return Err(too_large(bytes_max));
    }
    let bytes = collect(body, bytes_max).await?;
    if gzip { inflate(&bytes, bytes_max) } else { Ok(bytes.into()) }
}

async fn collect(body: Body, bytes_max: usize) -> ApiResult<Vec<u8>> {
    let mut chunks = body.into_data_stream();
    let (mut bytes, mut dropped) = (Vec::new(), 0_usize);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::invalid("body", "ended before it was complete"))?;
        if dropped > 0 || bytes.len() + chunk.len() > bytes_max {
            dropped = dropped.saturating_add(chunk.len());
            bytes = Vec::new();
            if dropped > DROPPED_MAX {
                break;
            }
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    if dropped > 0 { Err(too_large(bytes_max)) } else { Ok(bytes) }
}

fn inflate(packed: &[u8], bytes_max: usize) -> ApiResult<Bytes> {
    let mut bytes = Vec::with_capacity(packed.len().saturating_mul(4).min(bytes_max));
    // One byte more than allowed is enough to know.
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(packed).take(limit).read_to_end(&mut bytes).map_err(|error| {
        Problem::invalid("body", format!("is not the gzip that Content-Encoding announces: {error}"))
    })?;
    if bytes.len() > bytes_max { Err(too_large(bytes_max)) } else { Ok(bytes.into()) }
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(Kind::TooLarge, format!("send at most {bytes_max} bytes a request, counted unpacked"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn check(encoding: &str, body: Vec<u8>, expected: Result<&[u8], u16>) {
        let headers = HeaderMap::from_iter([(header::CONTENT_ENCODING, encoding.parse().unwrap())]);
        let read = read(&headers, Body::from(body), 1_000).await;
        assert_eq!(read.as_deref().map_err(Problem::status), expected, "{encoding}");
    }

    #[tokio::test]
    async fn bodies_are_unpacked_within_the_limit() {
        check("identity", b"{}".to_vec(), Ok(b"{}")).await;
        check("gzip", packed(b"{}"), Ok(b"{}")).await;
        check("GZIP", [packed(b"{"), packed(b"}")].concat(), Ok(b"{}")).await;
        check("gzip", packed(&[b'x'; 1_000]), Ok(&[b'x'; 1_000])).await;
        check("gzip", packed(&[b'x'; 1_001]), Err(413)).await;
        check("identity", vec![b'x'; 1_001], Err(413)).await;
        check("gzip", b"{}".to_vec(), Err(400)).await;
        check("gzip", packed(&[b'x'; 500])[..20].to_vec(), Err(400)).await;
        check("br", b"{}".to_vec(), Err(415)).await;
    }

    #[tokio::test]
    async fn a_bomb_stops_at_the_limit() {
        // 600 kB inflate to 600 MB; reading on to the end would take longer than all other tests together.
        let member = packed(&vec![0; 6_000_000]);
        let bomb = member.repeat(100);
        assert_eq!(inflate(&bomb, 512_000).map_err(|problem| problem.status()), Err(413));
    }
}
