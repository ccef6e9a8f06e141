//! A ZIP archive that is written on a thread of its own, file by file, a few pages ahead at most.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::AppError;

/// Pieces between the reader of rows and the writer of the archive.
const AHEAD: usize = 8;

enum Piece {
    Start(&'static str),
    Bytes(Vec<u8>),
}

/// The archive being written.
pub(super) struct Archiver {
    pieces: mpsc::Sender<Piece>,
    writer: JoinHandle<Result<(File, u64), WriteError>>,
}

#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error("the archive cannot be written: {0}")]
    Io(#[from] std::io::Error),
    #[error("the archive cannot be written: {0}")]
    Zip(#[from] zip::result::ZipError),
}

impl Archiver {
    /// An empty archive in an unnamed file.
    pub(super) fn start() -> Result<Self, AppError> {
        let (pieces, coming) = mpsc::channel(AHEAD);
        let writer = tokio::task::spawn_blocking(move || write(coming));
        Ok(Self { pieces, writer })
    }

    /// Begins a file that is a JSON list.
    pub(super) async fn list(&mut self, name: &'static str) -> Result<List<'_>, AppError> {
        self.send(Piece::Start(name)).await?;
        Ok(List { archiver: self, items: 0 })
    }

    /// Adds a whole file.
    pub(super) async fn document(&mut self, name: &'static str, text: String) -> Result<(), AppError> {
        self.send(Piece::Start(name)).await?;
        self.send(Piece::Bytes(text.into_bytes())).await
    }

    /// Writes what an archive ends with; the file stands at its start.
    pub(super) async fn finish(self) -> Result<(File, u64), AppError> {
        drop(self.pieces);
        self.writer.await.map_err(AppError::internal)?.map_err(AppError::internal)
    }

    async fn send(&self, piece: Piece) -> Result<(), AppError> {
        // The writer only ends early when it cannot write.
        self.pieces.send(piece).await.map_err(|_| AppError::internal("the archive cannot be written"))
    }
}

/// A JSON list being written.
pub(super) struct List<'a> {
    archiver: &'a Archiver,
    items: u64,
}

impl List<'_> {
    /// Adds a page of items.
    pub(super) async fn extend(&mut self, items: impl IntoIterator<Item = Value>) -> Result<(), AppError> {
        let mut text = Vec::new();
        for item in items {
            text.extend_from_slice(if self.items == 0 { b"[\n" } else { b",\n" });
            serde_json::to_writer(&mut text, &item).map_err(AppError::internal)?;
            self.items += 1;
        }
        self.archiver.send(Piece::Bytes(text)).await
    }

    /// Ends the list; how many items it has.
    pub(super) async fn end(self) -> Result<u64, AppError> {
        let end = if self.items == 0 { "[]\n" } else { "\n]\n" };
        self.archiver.send(Piece::Bytes(end.as_bytes().to_vec())).await?;
        Ok(self.items)
    }
}

fn write(mut pieces: mpsc::Receiver<Piece>) -> Result<(File, u64), WriteError> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
    let mut archive = ZipWriter::new(tempfile::tempfile()?);
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Start(name) => archive.start_file(name, options)?,
            Piece::Bytes(bytes) => archive.write_all(&bytes)?,
        }
    }
    let mut file = archive.finish()?;
    let bytes = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    Ok((file, bytes))
}
