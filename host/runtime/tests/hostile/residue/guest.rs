//! A guest written instruction by instruction, for no compiler writes to tables: it leaves marks wherever an instance has
//! room, or looks for anything that it has not put there itself.
//!
//! The configuration's first byte says what it does ([`POISON`], [`LOOK`], and what both do at once), its length how
//! many pages it takes first. A poisoned call about two moments ends in a trap, one about three never by itself.

use std::path::Path;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ElementSection, Elements, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, HeapType, InstructionSink, MemArg, MemorySection, MemoryType, Module,
    RefType, TableSection, TableType, TypeSection, ValType,
};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Fills memory, the table and the globals with marks.
pub const POISON: char = 'g';
/// Looks into all of them; anything that is there crashes the call.
pub const LOOK: char = 'h';
/// Fills one and looks, with the words of the crash that must follow.
pub const BOTH: [(char, &str); 3] = [('i', "integer overflow"), ('j', "integer divide by zero"), ('l', "panic")];

const MEMORY: i32 = 1;
const TABLE: i32 = 2;
const GLOBALS: i32 = 4;
const LOOKS: i32 = 8;

const NEXT: u32 = 0;
const MARK_32: u32 = 1;
const MARK_64: u32 = 2;

const REALLOC: u32 = 0;
const DECIDE: u32 = 1;
const CLEAN: u32 = 2;

/// Where its own data is, if it has any, and how many bytes.
const DATA_AT: i32 = 512;
const DATA_BYTES: i32 = 64;
/// From here on arguments are put.
const HEAP: i32 = 1_024;
const PAGES: u64 = 4;
const ELEMENTS: u64 = 8;

/// A package under this name. Every byte of its own data is `data`; there is none if that is 0.
pub fn package(name: &str, data: u8) -> Vec<u8> {
    let mut module = module(data).finish();
    let mut wit = Resolve::default();
    let (contract, _) = wit.push_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")).expect("the contract");
    let world = wit.select_world(&[contract], Some("campaign-plugin")).expect("a world");
    embed_component_metadata(&mut module, &wit, world, StringEncoding::UTF8).expect("a component type");
    let manifest = format!(
        "contract = '0.1.0'\nname = '{name}'\nversion = '0.1.0'\n\
         title = {{ en = 'Residue', zh = '残留' }}\nsummary = {{ en = 'Leaves marks or looks for them.', zh = '测试用：残留' }}\n\
         [campaign]\nevents = ['*']\noperations = []\n"
    );
    guanxi_package::embed(&module, &manifest).expect("a component")
}

fn module(data: u8) -> Module {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    types.ty().function([ValType::I32; 2], []);
    let mut functions = FunctionSection::new();
    functions.function(0).function(0).function(1);
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: ELEMENTS,
        maximum: None,
        shared: false,
    });
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: PAGES, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut globals = GlobalSection::new();
    let global = |val_type| GlobalType { val_type, mutable: true, shared: false };
    globals.global(global(ValType::I32), &ConstExpr::i32_const(HEAP));
    globals.global(global(ValType::I32), &ConstExpr::i32_const(0));
    globals.global(global(ValType::I64), &ConstExpr::i64_const(0));
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("cabi_realloc", ExportKind::Func, REALLOC);
    exports.export("guanxi:plugin/campaign@0.1.0#decide", ExportKind::Func, DECIDE);
    let mut elements = ElementSection::new();
    elements.declared(Elements::Functions(vec![DECIDE].into()));
    let mut code = CodeSection::new();
    code.function(&realloc()).function(&decide(data)).function(&clean());
    let mut segments = DataSection::new();
    if data != 0 {
        segments.active(0, &ConstExpr::i32_const(DATA_AT), vec![data; DATA_BYTES as usize]);
    }
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&tables).section(&memories).section(&globals);
    module.section(&exports).section(&elements).section(&code).section(&segments);
    module
}

/// Room behind what was given before: it never takes any back.
fn realloc() -> Function {
    let (align, size, at) = (2, 3, 4);
    let mut function = Function::new([(1, ValType::I32)]);
    let mut code = function.instructions();
    code.global_get(NEXT).local_get(align).i32_add().i32_const(1).i32_sub();
    code.i32_const(0).local_get(align).i32_sub().i32_and().local_set(at);
    code.local_get(at).local_get(size).i32_add().global_set(NEXT);
    code.local_get(at).end();
    function
}

fn decide(data: u8) -> Function {
    let (config, length, moments, mode, at) = (0, 1, 3, 4, 5);
    let mut function = Function::new([(2, ValType::I32)]);
    let mut code = function.instructions();
    code.local_get(config).i32_load8_u(place(0)).local_set(mode);
    code.local_get(length).i32_const(1).i32_sub().memory_grow(0).drop();
    code.ref_null(HeapType::FUNC).i32_const(8).table_grow(0).drop();

    flag(&mut code, mode, MEMORY);
    code.i32_const(0).i32_const(0xa5);
    memory_end(&mut code);
    code.memory_fill(0).end();

    flag(&mut code, mode, TABLE);
    code.i32_const(0).ref_func(DECIDE).table_size(0).table_fill(0).end();

    flag(&mut code, mode, GLOBALS);
    code.i32_const(-1).global_set(MARK_32).i64_const(-1).global_set(MARK_64);
    code.local_get(mode).i32_const(LOOKS).i32_and().i32_eqz().if_(BlockType::Empty);
    code.i32_const(0x4000_0000).global_set(NEXT).end().end();

    code.local_get(mode).i32_const(LOOKS).i32_and().i32_eqz().if_(BlockType::Empty);
    code.local_get(moments).i32_const(2).i32_eq().if_(BlockType::Empty).unreachable().end();
    code.local_get(moments).i32_const(3).i32_eq().if_(BlockType::Empty);
    code.loop_(BlockType::Empty).br(0).end().end().end();

    flag(&mut code, mode, LOOKS);
    code.global_get(MARK_32).i64_extend_i32_u().global_get(MARK_64).i64_or();
    code.i64_eqz().i32_eqz().if_(BlockType::Empty).unreachable().end();
    code.loop_(BlockType::Empty).local_get(at).table_get(0).ref_is_null().i32_eqz().if_(BlockType::Empty);
    code.i32_const(1).i32_const(0).i32_div_s().drop().end();
    code.local_get(at).i32_const(1).i32_add().local_tee(at).table_size(0).i32_lt_u().br_if(0).end();
    code.i32_const(0).i32_const(DATA_AT).call(CLEAN);
    let own = i64::from_le_bytes([data; 8]);
    code.i32_const(DATA_AT).i64_load(place(3)).i64_const(own).i64_ne().if_(BlockType::Empty);
    leak(&mut code);
    code.end();
    code.i32_const(DATA_AT + DATA_BYTES).i32_const(HEAP).call(CLEAN);
    code.global_get(NEXT).i32_const(7).i32_add().i32_const(-8).i32_and();
    memory_end(&mut code);
    code.call(CLEAN).end();

    // As many decisions as moments, each of zeros: nothing asked for, nothing kept.
    code.i32_const(0).i32_const(0).i32_const(256).memory_fill(0);
    code.i32_const(0).i32_const(128).i32_store(place(2));
    code.i32_const(4).local_get(moments).i32_store(place(2));
    code.i32_const(0).end();
    function
}

/// Crashes unless everything from one address to another is zero.
fn clean() -> Function {
    let (at, end) = (0, 1);
    let mut function = Function::new([]);
    let mut code = function.instructions();
    code.block(BlockType::Empty).loop_(BlockType::Empty);
    code.local_get(at).local_get(end).i32_ge_u().br_if(1);
    code.local_get(at).i64_load(place(3)).i64_eqz().i32_eqz().if_(BlockType::Empty);
    leak(&mut code);
    code.end();
    code.local_get(at).i32_const(8).i32_add().local_set(at).br(0).end().end().end();
    function
}

/// Goes on inside if the mode has this flag.
fn flag(code: &mut InstructionSink<'_>, mode: u32, flag: i32) {
    code.local_get(mode).i32_const(flag).i32_and().if_(BlockType::Empty);
}

fn memory_end(code: &mut InstructionSink<'_>) {
    code.memory_size(0).i32_const(16).i32_shl();
}

/// Crashes with an overflow, which tells it from the other ways.
fn leak(code: &mut InstructionSink<'_>) {
    code.i32_const(i32::MIN).i32_const(-1).i32_div_s().drop();
}

fn place(align: u32) -> MemArg {
    MemArg { offset: 0, align, memory_index: 0 }
}
