//! libyang alone, in one process: parses and validates every file of a folder, on so many
//! threads. `bench_desk` measures `mercury validate` beside it.
//!
//!   libyang FOLDER_OF_MODULES FOLDER_OF_FILES THREADS MODULE...

use std::{
    error::Error,
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use yang5::{
    context::{Context, ContextFlags},
    data::{DataFormat, DataParserFlags, DataTree, DataValidationFlags},
};

type Fails = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Fails> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [modules, folder, threads, names @ ..] = words.as_slice() else { return Err("too few words".into()) };
    let mut context = Context::new(ContextFlags::DISABLE_SEARCHDIR_CWD | ContextFlags::ALL_IMPLEMENTED)?;
    context.set_searchdir(modules)?;
    let all: Vec<_> = names.iter().map(|name| (name.as_str(), None, &["*"][..])).collect();
    context.load_modules(&all)?;
    let files = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    let (next, threads) = (AtomicUsize::new(0), threads.parse::<usize>()?);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| validated(&context, &files, &next))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| Fails::from("a thread broke"))?)
    })
}

fn validated(context: &Context, files: &[PathBuf], next: &AtomicUsize) -> Result<(), Fails> {
    while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
        let text = fs::read_to_string(file)?;
        let strict = DataParserFlags::STRICT | DataParserFlags::NO_STATE;
        let valid = DataValidationFlags::NO_STATE | DataValidationFlags::PRESENT;
        DataTree::parse_string(context, text, DataFormat::XML, strict, valid)?;
    }
    Ok(())
}
