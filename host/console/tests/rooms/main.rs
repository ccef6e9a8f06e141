//! The console driven as a browser drives it: real store, real use cases, requests in and pages out.

mod door;
mod house;
mod live;
mod pages;
mod switch;
