//! Lies about lengths and places in its memory, at the level of the canonical ABI: the bindings would not let it, so
//! the export is written by hand. The configuration names the lie.

// Gives the module its component type; its traits stay without an implementation.
#[allow(dead_code, unused_imports)]
mod contract {
    wit_bindgen::generate!({ world: "campaign-plugin", path: "../../../wit" });
}

use std::alloc::{Layout, alloc, realloc};

/// A `list` or `string` as it lies in memory.
#[repr(C)]
#[derive(Clone, Copy)]
struct Span {
    at: usize,
    length: usize,
}

/// A `result<decision, failure>` as it lies in memory; all zeros are an empty decision.
#[repr(C)]
#[derive(Clone, Copy)]
struct Answer {
    is_error: u32,
    operations: Span,
    has_state: u32,
    state: Span,
    reasons: Span,
}

const NOTHING: Span = Span { at: 0, length: 0 };
const EMPTY: Answer = Answer { is_error: 0, operations: NOTHING, has_state: 0, state: NOTHING, reasons: NOTHING };

/// `decide` of the contract: addresses and lengths in, the address of a span out.
#[unsafe(export_name = "guanxi:plugin/campaign@0.1.0#decide")]
extern "C" fn decide(config: *const u8, config_length: usize, _moments: usize, moments: usize) -> *const Span {
    let lie = unsafe { std::slice::from_raw_parts(config, config_length) };
    let answer = match lie {
        b"fewer" => list(vec![EMPTY; moments - 1]),
        b"more" => list(vec![EMPTY; moments + 1]),
        b"beyond-memory" => Span { at: 1 << 16, length: 1 << 24 },
        b"wrapping" => Span { at: usize::MAX & !3, length: usize::MAX },
        b"unaligned" => Span { at: 1025, length: moments },
        b"discriminant" => list(vec![Answer { is_error: 7, ..EMPTY }; moments]),
        b"inner-list" => list(vec![Answer { operations: Span { at: 8, length: 1 << 30 }, ..EMPTY }; moments]),
        b"inner-text" => list(vec![Answer { has_state: 1, state: Span { at: 8, length: 1 << 31 }, ..EMPTY }; moments]),
        // A small answer in the guest's memory that is a thousand times as large when copied out.
        b"aliasing" => {
            let text = list(vec![b'x'; 1 << 20]);
            let reasons = list(vec![text; 1 << 10]);
            list(vec![Answer { reasons, ..EMPTY }; moments])
        }
        b"no-place" => return (usize::MAX & !7) as *const Span,
        _ => list(vec![EMPTY; moments]),
    };
    Box::leak(Box::new(answer))
}

/// By which the host asks for room for the arguments.
#[unsafe(export_name = "cabi_realloc")]
unsafe extern "C" fn cabi_realloc(old: *mut u8, old_size: usize, align: usize, size: usize) -> *mut u8 {
    unsafe {
        let layout = Layout::from_size_align_unchecked(old_size, align);
        match (old_size, size) {
            (_, 0) => align as *mut u8,
            (0, _) => alloc(Layout::from_size_align_unchecked(size, align)),
            _ => realloc(old, layout, size),
        }
    }
}

fn list<T>(items: Vec<T>) -> Span {
    let items = items.leak();
    Span { at: items.as_ptr() as usize, length: items.len() }
}
