//! What can be read from a component without compiling it: the first look of the admission check and of
//! `guanxi plugin build`.

use wasmparser::{Encoding, Parser, Payload};

use crate::PackageError;

/// What a component brings, wants and declares.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Inspection {
    /// Bytes.
    pub size: usize,
    /// Names imported at the top level, in order.
    pub imports: Vec<String>,
    /// Names exported at the top level, in order.
    pub exports: Vec<String>,
    /// Core modules, at any depth.
    pub core_modules: usize,
    /// Functions defined in all core modules.
    pub functions: usize,
    /// Memories defined in all core modules.
    pub memories: usize,
    /// Bytes that these memories have at the start, together.
    pub memory_min: u64,
    /// Whether a memory is shared or addressed with 64 bits, which no host of this contract runs.
    pub odd_memory: bool,
}

/// Reads the outline of a component; refuses core modules and what is not WebAssembly.
pub fn inspect(component: &[u8]) -> Result<Inspection, PackageError> {
    let mut seen = Inspection { size: component.len(), ..Inspection::default() };
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(malformed)? {
            Payload::Version { encoding, .. } => {
                if depth == 0 && encoding == Encoding::Module {
                    return Err(PackageError::CoreModule);
                }
                seen.core_modules += usize::from(encoding == Encoding::Module);
                depth += 1;
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            other => seen.read(other, depth == 1).map_err(malformed)?,
        }
    }
    Ok(seen)
}

fn malformed(error: wasmparser::BinaryReaderError) -> PackageError {
    PackageError::Malformed(error.to_string())
}

impl Inspection {
    fn read(&mut self, payload: Payload<'_>, top: bool) -> Result<(), wasmparser::BinaryReaderError> {
        match payload {
            Payload::ComponentImportSection(section) if top => {
                for import in section {
                    self.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if top => {
                for export in section {
                    self.exports.push(export?.name.name.to_owned());
                }
            }
            Payload::FunctionSection(section) => {
                self.functions += usize::try_from(section.count()).unwrap_or(usize::MAX)
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let memory = memory?;
                    let page = 1_u64.checked_shl(memory.page_size_log2.unwrap_or(16)).unwrap_or(u64::MAX);
                    self.memories += 1;
                    self.memory_min = self.memory_min.saturating_add(memory.initial.saturating_mul(page));
                    self.odd_memory |= memory.shared || memory.memory64;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{Component, MemorySection, MemoryType, Module, ModuleSection};

    use super::*;

    fn component(memory: MemoryType) -> Vec<u8> {
        let mut module = Module::new();
        let mut memories = MemorySection::new();
        memories.memory(memory);
        module.section(&memories);
        let mut component = Component::new();
        component.section(&ModuleSection(&module));
        component.finish()
    }

    fn memory(minimum: u64) -> MemoryType {
        MemoryType { minimum, maximum: None, memory64: false, shared: false, page_size_log2: None }
    }

    #[test]
    fn declared_memory_is_counted() {
        let seen = inspect(&component(memory(17))).expect("a component");
        assert_eq!((seen.core_modules, seen.memories, seen.memory_min), (1, 1, 17 * 65_536));
        assert!(!seen.odd_memory);
    }

    #[test]
    fn odd_memories_are_noticed() {
        assert!(inspect(&component(MemoryType { memory64: true, ..memory(1) })).expect("a component").odd_memory);
        let shared = MemoryType { shared: true, maximum: Some(2), ..memory(1) };
        assert!(inspect(&component(shared)).expect("a component").odd_memory);
    }

    #[test]
    fn modules_and_garbage_are_refused() {
        assert!(matches!(inspect(&Module::new().finish()), Err(PackageError::CoreModule)));
        assert!(matches!(inspect(b"plain text"), Err(PackageError::Malformed(_))));
        let whole = component(memory(1));
        for cut in 1..whole.len() {
            let outline = inspect(whole.get(..cut).unwrap_or_default());
            assert!(outline.is_err() || outline.is_ok_and(|seen| seen.memories <= 1));
        }
    }
}
