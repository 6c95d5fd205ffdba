using System.Text;
using Isthmus.Cli;
using Isthmus.Cli.Verbs;

// UTF-8 whatever the locale, and no byte-order mark: the output is read by programs too.
var utf8 = new UTF8Encoding(false);
using var output = new StreamWriter(Console.OpenStandardOutput(), utf8, 1 << 12);
using var errors = new StreamWriter(Console.OpenStandardError(), utf8, 256) { AutoFlush = true };
using var stop = StopSignal.Listen(errors);
var terminals = new Terminals(!Console.IsOutputRedirected, !Console.IsErrorRedirected);
return new Shell(output, errors, terminals, VerbIndex.Entries, stop.Token).Run(args);
