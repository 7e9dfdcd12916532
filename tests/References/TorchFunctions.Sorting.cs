using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddSorting()
    {
        Add("torch.sort", a => Two(Sort(a.Node(0), a.Int(1, "dim", -1), a.Flag(2, "descending"))));
        Add("torch.argsort", a => ArgSort(a.Node(0), a.Int(1, "dim", -1), a.Flag(2, "descending")));
        Add("torch.msort", a => MSort(a.Node(0)));
        Add("torch.topk", a => Two(TopK(a.Node(0), a.Int(1, "k"), a.Int(2, "dim", -1), a.Flag(3, "largest", true))));
        Add("torch.kthvalue", a => Two(KthValue(a.Node(0), a.Int(1, "k"), a.Int(2, "dim", -1), a.Flag(3, "keepdim"))));
        Add("torch.searchsorted", a => SearchSorted(a.Node(0), a.Node(1), a.Flag(-1, "right")));
        Add("torch.bucketize", a => SearchSorted(a.Node(1), a.Node(0), a.Flag(-1, "right")));
    }
}
