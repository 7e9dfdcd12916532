using GraphCompiler.Loops;

namespace GraphCompiler.Emit;

/// <summary>
/// Compiled kernels by their structure: equal kernels, of one graph or of several, are compiled once. It keeps those used last, up to its capacity, and
/// of each only its key and code, nothing of the graph that it was compiled for. Safe for concurrent use: who asks for a kernel that is being compiled
/// waits for it.
/// </summary>
internal sealed class KernelCache(int capacity)
{
    private readonly Lock gate = new();
    private readonly Dictionary<KernelKey, LinkedListNode<Entry>> entries = [];
    private readonly LinkedList<Entry> byUse = [];

    /// <summary>The cache of this process.</summary>
    public static KernelCache Shared { get; } = new(capacity: 1024);

    /// <summary>How many kernels it holds.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return entries.Count;
            }
        }
    }

    /// <summary>The compiled kernel, from the cache if an equal one was compiled before.</summary>
    /// <exception cref="CompileException">The kernel is malformed.</exception>
    public CompiledKernel Get(Kernel kernel, EmitOptions options)
    {
        var key = KernelKey.Of(kernel, options);
        Entry entry;
        bool isNew;
        lock (gate)
        {
            isNew = !entries.TryGetValue(key, out LinkedListNode<Entry>? node);
            if (node is null)
            {
                node = new LinkedListNode<Entry>(new Entry(key, new(() => KernelCompiler.Compile(kernel, options))));
                entries.Add(key, node);
            }
            else
            {
                byUse.Remove(node);
            }

            byUse.AddLast(node);
            if (entries.Count > capacity)
            {
                entries.Remove(byUse.First!.Value.Key);
                byUse.RemoveFirst();
            }

            entry = node.Value;
        }

        try
        {
            CompiledKernel compiled = entry.Compiled.Value;
            return isNew ? compiled : compiled.Again();
        }
        catch
        {
            Forget(entry);
            throw;
        }
    }

    /// <summary>A failure is not kept: it may be of the moment, such as a lack of memory.</summary>
    private void Forget(Entry entry)
    {
        lock (gate)
        {
            if (entries.TryGetValue(entry.Key, out LinkedListNode<Entry>? node) && node.Value == entry)
            {
                entries.Remove(entry.Key);
                byUse.Remove(node);
            }
        }
    }

    private sealed class Entry(KernelKey key, OnDemand<CompiledKernel> compiled)
    {
        public KernelKey Key { get; } = key;

        public OnDemand<CompiledKernel> Compiled { get; } = compiled;
    }
}
