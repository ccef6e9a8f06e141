//! What the kernel knows about a running host.

/// Bytes of memory that a process has made its own, from `/proc`; pages of mapped files are the kernel's.
pub fn resident_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process lives");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("RssAnon");
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().expect("kilobytes");
    kilobytes * 1_024
}
