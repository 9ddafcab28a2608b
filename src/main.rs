//! The `frontdesk` program. Everything is in the library; here are only the exit code and the process-wide set-up.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // One TLS provider for the whole process, before anything can ask for it.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return ExitCode::from(frontdesk::cli::Exit::Failed as u8);
    }
    frontdesk::cli::main()
}
