//! CSV files: our own columns, or the export of an identity provider, told by its header.

use crate::people::exports::Export;
use crate::people::field::Field;
use crate::people::{Given, Place, Reading};
use csv::{ReaderBuilder, StringRecord};

/// What the columns of a file are.
enum Columns {
    Ours(Vec<Option<Field>>),
    Export(Export),
}

/// The character between cells: the one of these that the header has most often.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    // The last of the greatest counts.
    [b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

/// The line that a record begins on. The reader counts from where the record before ended, which may be before a line feed
/// and empty lines.
fn line_of(text: &str, position: &csv::Position) -> u64 {
    let from = usize::try_from(position.byte()).unwrap_or_default();
    let before = text.as_bytes().get(from..).unwrap_or_default();
    let ends =
        before.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n').count();
    position.line() + number(ends)
}

fn number(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl Reading<'_> {
    pub(super) fn csv(&mut self, text: &str, source: usize) {
        let mut reader =
            ReaderBuilder::new().delimiter(delimiter(text)).flexible(true).from_reader(text.as_bytes());
        let header = match reader.headers() {
            Ok(header) => header.clone(),
            Err(error) => return self.problem(Place { source, line: 1, column: 0 }, error.to_string()),
        };
        if header.iter().all(|name| name.trim().is_empty()) {
            return self.problem(
                Place { source, line: 1, column: 0 },
                "the file is empty; its first line names the columns",
            );
        }
        let Some(columns) = self.columns_of(&header, source) else { return };
        let mut record = StringRecord::new();
        loop {
            let read = reader.read_record(&mut record);
            let line = record.position().map_or(0, |position| line_of(text, position));
            let place = Place { source, line, column: 0 };
            match read {
                Ok(false) => return,
                Ok(true) if record.iter().all(|cell| cell.trim().is_empty()) => {}
                Ok(true) if record.len() != header.len() => {
                    let message = format!(
                        "has {} cells and the header names {} columns; is a comma or a quote missing?",
                        record.len(),
                        header.len()
                    );
                    self.problem(place, message);
                }
                Ok(true) => self.record(&columns, &record, place),
                Err(error) => return self.problem(place, error.to_string()),
            }
        }
    }

    fn columns_of(&mut self, header: &StringRecord, source: usize) -> Option<Columns> {
        // A mapping in the configuration is somebody's word about the columns, and beats what is recognised.
        if self.settings.columns.is_empty()
            && let Some(export) = Export::recognise(header)
        {
            return Some(Columns::Export(export));
        }
        let mut fields: Vec<Option<Field>> = Vec::new();
        for (column, name) in (1..).zip(header) {
            let place = Place { source, line: 1, column };
            let field = self.column(name, place);
            if let Some(field) = &field
                && fields.iter().flatten().any(|earlier| earlier == field)
            {
                self.problem(place, format!("the column `{}` is there twice", field.name()));
            }
            fields.push(field);
        }
        if !fields.iter().flatten().any(|field| *field == Field::Email) {
            let place = Place { source, line: 1, column: 0 };
            self.problem(place, "there is no column `email`; it says who a row is about");
            return None;
        }
        Some(Columns::Ours(fields))
    }

    fn record(&mut self, columns: &Columns, record: &StringRecord, place: Place) {
        match columns {
            Columns::Ours(fields) => {
                let cells = fields.iter().zip(record).enumerate();
                let cells = cells.filter_map(|(index, (field, cell))| {
                    Some((field.as_ref()?, Place { column: number(index + 1), ..place }, Given::Text(cell)))
                });
                self.row(place, cells);
            }
            Columns::Export(export) => match export.cells(record) {
                Ok(cells) => {
                    let cells = cells.iter().map(|(field, column, cell)| {
                        (field, Place { column: number(*column), ..place }, Given::Text(cell.as_str()))
                    });
                    let before = self.people.persons.len();
                    self.row(place, cells);
                    if let Some(person) = self.people.persons.get_mut(before) {
                        person.status = export.status(record);
                    }
                }
                Err(message) => self.problem(place, message),
            },
        }
    }
}
