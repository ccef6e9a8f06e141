//! Things that fail around the host: the database, the disk, providers. Whoever calls gets a clear answer, nothing
//! that was accepted is lost, and what can go on goes on.

mod disk;
mod providers;
mod wire;
