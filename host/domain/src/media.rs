//! Pictures, recordings and films that a brand keeps: what they are follows from their first bytes, whatever anybody says.

/// The most bytes of one.
pub const MEDIA_BYTES_MAX: usize = 10 * 1024 * 1024;

/// What can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Png,
    /// A picture.
    Jpeg,
    /// A picture, perhaps a moving one.
    Gif,
    /// A picture.
    Webp,
    /// A recording.
    Mp3,
    /// A recording of speech.
    Amr,
    /// A film.
    Mp4,
}

impl MediaKind {
    const ALL: [Self; 7] = [Self::Png, Self::Jpeg, Self::Gif, Self::Webp, Self::Mp3, Self::Amr, Self::Mp4];

    /// What begins with these bytes; nothing if it is none of these.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let begins = |with: &[u8]| bytes.starts_with(with);
        let holds = |at: usize, what: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(what));
        // A frame of layer III without an ID3 tag: eleven bits of sync, MPEG 1 or 2, and no reserved bit rate.
        let frame = |bytes: &[u8]| match bytes {
            [0xff, second, third, ..] => matches!(second, 0xfa | 0xfb | 0xf2 | 0xf3) && third >> 4 != 0xf,
            _ => false,
        };
        match () {
            () if begins(b"\x89PNG\r\n\x1a\n") => Some(Self::Png),
            () if begins(b"\xff\xd8\xff") => Some(Self::Jpeg),
            () if begins(b"GIF87a") || begins(b"GIF89a") => Some(Self::Gif),
            () if begins(b"RIFF") && holds(8, b"WEBP") => Some(Self::Webp),
            () if begins(b"ID3") || frame(bytes) => Some(Self::Mp3),
            () if begins(b"#!AMR\n") || begins(b"#!AMR-WB\n") => Some(Self::Amr),
            () if holds(4, b"ftyp") && !holds(8, b"qt  ") => Some(Self::Mp4),
            () => None,
        }
    }

    /// The word used in SQL and JSON, and behind the dot of an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Mp3 => "mp3",
            Self::Amr => "amr",
            Self::Mp4 => "mp4",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The content type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Mp3 => "audio/mpeg",
            Self::Amr => "audio/amr",
            Self::Mp4 => "video/mp4",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ch_4_what_it_is_follows_from_its_bytes() {
        let cases: [(&[u8], Option<MediaKind>); 13] = [
            (b"\x89PNG\r\n\x1a\n\0\0", Some(MediaKind::Png)),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Some(MediaKind::Jpeg)),
            (b"GIF89a\x01\0", Some(MediaKind::Gif)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(MediaKind::Webp)),
            (b"RIFF\0\0\0\0WAVEfmt ", None),
            (b"ID3\x04\0", Some(MediaKind::Mp3)),
            (b"\xff\xfb\x90\x64", Some(MediaKind::Mp3)),
            (b"#!AMR\n\x3c", Some(MediaKind::Amr)),
            (b"\0\0\0\x20ftypisom", Some(MediaKind::Mp4)),
            (b"\0\0\0\x14ftypqt  ", None),
            (b"<svg xmlns=", None),
            (b"<!doctype html>", None),
            (b"", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(MediaKind::of(bytes), expected, "{bytes:?}");
        }
        for kind in MediaKind::ALL {
            assert_eq!(MediaKind::parse(kind.as_str()), Some(kind));
        }
    }
}
